package pipeline_test

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// contractsOf are the contracts of a module with one file, for some selections.
func contractsOf(t *testing.T, stub, source string, selections ...model.Selection) (all []*model.Contract) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "m")
	project(t, dir, &txtar.Archive{Files: []txtar.File{{Name: "chat/chat.go", Data: []byte(source)}}}, stub)
	var table emit.Table
	for _, s := range selections {
		a := emit.Artifact{Name: "seen", Scope: emit.PerApp, File: filepath.Join(dir, "seen"), Wanted: emit.Wanted{Selection: s, Value: "seen"}}
		a.Emit = func(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
			return run.ForApp(ctx, a, func(c *model.Contract) ([]byte, error) {
				all = append(all, c)
				return nil, nil
			})
		}
		a.File += strings.ReplaceAll(s.Only, "/", "-")
		table = append(table, a)
	}
	result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: dir, Wire: pipeline.WireOff, Artifacts: table}, &output.Memory{})
	if err != nil || result.Diagnostics.HasErrors() {
		t.Fatal(err, result.Diagnostics)
	}
	return all
}

const digested = `package chat

import "context"

// Chat is a gateway.
//
//ws:gateway /chat
type Chat struct{}

//ws:subscribe say
func (c *Chat) Say(l Line) Line { return l }

//ws:subscribe count
func (c *Chat) Count(ctx context.Context, room string, from *int) ([]Kind, error) { return nil, nil }

// Line is a line.
type Line struct {
	Text string   ` + "`json:\"text\"`" + `
	Kind Kind     ` + "`json:\"kind\"`" + `
	Tags []string ` + "`json:\"tags\"`" + `
	Next *Line    ` + "`json:\"next\"`" + `
}

type Kind string

const (
	Loud  Kind = "loud"
	Quiet Kind = "quiet"
)

//ws:push
type Events interface {
	Said(l Line) error
}

//ws:ask
type Questions interface {
	Confirm(ctx context.Context, text string) (bool, error)
}

//ws:gateway /desk
type Desk struct{}

//ws:subscribe line
func (d *Desk) Line() Line { return Line{} }
`

// TestDigests checks that the digest of a gateway changes with all that clients rely
// on, and with nothing else.
func TestDigests(t *testing.T) {
	t.Parallel()
	stub := unpackStub(t)
	contracts := contractsOf(t, stub, digested, model.Selection{}, model.Selection{Only: "/chat"})
	chat, desk := contracts[0].Gateways[0].Digest, contracts[0].Gateways[1].Digest
	if !regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{12}$`).MatchString(chat) || chat == desk {
		t.Errorf("digests %q and %q", chat, desk)
	}
	if alone := contracts[1].Gateways[0].Digest; alone != chat {
		t.Error("the digest depends on which other gateways there are")
	}
	for _, c := range []struct {
		what, from, to string
		same           bool
	}{
		{"a comment", "// Line is a line.", "// Line is another.", true},
		{"a name of Go", "Loud  Kind", "Noisy Kind", true},
		{"a type's name", "Line", "Paragraph", true},
		{"a field's name", "Text string ", "Body string ", true},
		{"a position", "package chat\n", "package chat\n\n\n", true},
		{"the order of methods", "//ws:gateway /desk\ntype Desk", "//ws:subscribe aaa\nfunc (d *Desk) Aaa() {}\n\n//ws:gateway /desk\ntype Desk", true},
		{"the order of members", "\tKind Kind     `json:\"kind\"`\n\tTags []string `json:\"tags\"`\n", "\tTags []string `json:\"tags\"`\n\tKind Kind     `json:\"kind\"`\n", true},
		{"the order of values", "\tLoud  Kind = \"loud\"\n\tQuiet Kind = \"quiet\"\n", "\tQuiet Kind = \"quiet\"\n\tLoud  Kind = \"loud\"\n", true},
		{"a path", "ws:gateway /chat", "ws:gateway /talk", false},
		{"an event", "ws:subscribe say", "ws:subscribe tell", false},
		{"a posture", "//ws:gateway /chat", "//ws:public\n//ws:gateway /chat", false},
		{"an answer", "Say(l Line) Line { return l }", "Say(l Line) {}", false},
		{"a stream", "Say(l Line) Line { return l }", "Say(ctx context.Context, l Line) <-chan Line { return nil }", false},
		{"a parameter", "room string, from *int", "room string, from *int, to *int", false},
		{"what need not be there", "room string, from *int", "room *string, from *int", false},
		{"a member", "\tNext *Line    `json:\"next\"`\n", "\tNext *Line    `json:\"next\"`\n\tMore bool\n", false},
		{"a member's name", "`json:\"tags\"`", "`json:\"labels\"`", false},
		{"what may be absent", "`json:\"tags\"`", "`json:\"tags,omitempty\"`", false},
		{"quotes", "`json:\"text\"`", "`json:\"text,string\"`", false},
		{"what may be null", "Next *Line ", "Next []Line ", false},
		{"a size", "room string, from *int", "room string, from *int32", false},
		{"what an element is", "Tags []string ", "Tags []*string ", false},
		{"a value", "\tQuiet Kind = \"quiet\"\n", "", false},
		{"a push", "Said(l Line) error\n", "Said(l Line) error\n\tGone() error\n", false},
		{"what is pushed", "Said(l Line) error\n", "Said(l *Line) error\n", false},
		{"what is kept", "//ws:push\ntype Events interface {\n", "//ws:push\n//ws:history\ntype Events interface {\n\t//ws:kept\n", false},
		{"how much is kept", "//ws:push\ntype Events interface {\n", "//ws:push\n//ws:history size=5\ntype Events interface {\n", true},
		{"a question", "Confirm(ctx context.Context, text string) (bool, error)", "Confirm(ctx context.Context, text string) error", false},
	} {
		changed := strings.ReplaceAll(digested, c.from, c.to)
		if changed == digested {
			t.Errorf("%s: nothing changes", c.what)
			continue
		}
		if now := contractsOf(t, stub, changed, model.Selection{})[0].Gateways[0].Digest; (now == chat) != c.same {
			t.Errorf("%s: the digest is the same: %v, want %v", c.what, now == chat, c.same)
		}
	}
}
