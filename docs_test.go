package wsgen_test

import (
	"bytes"
	"go/format"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents lists the texts for readers.
func documents(t *testing.T) []string {
	t.Helper()
	out := []string{"README.md", "CONTRIBUTING.md"}
	for _, dir := range []string{"docs", "examples"} {
		err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
			if err == nil && path.Ext(name) == ".md" {
				out = append(out, filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

// code is what is no prose: in Go, f[T](x) is no link.
var code = regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]+`")

func TestLinksLeadSomewhere(t *testing.T) {
	for _, doc := range documents(t) {
		prose := code.ReplaceAllString(text(t, doc), "")
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(path.Join(path.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}

var makeTarget = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")

func TestMakeTargetsExist(t *testing.T) {
	makefile := text(t, "Makefile")
	for _, doc := range documents(t) {
		for _, m := range makeTarget.FindAllStringSubmatch(text(t, doc), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+": ## ") {
				t.Errorf("%s says make %s, which is no target with a description", doc, m[1])
			}
		}
	}
}

// TestCodeInDocumentsIsTested checks that code and commands which a reader would
// paste have a marker above them. By that, package internal/packed of the demo's
// module carries them out, and those of docs/guide/production.md the module
// examples/behind; TypeScript is compiled by the module contract. Blocks of make
// targets need none, nor does code that is shown for comparison, which is of other
// libraries: its fences name the language in full.
func TestCodeInDocumentsIsTested(t *testing.T) {
	guides, err := filepath.Glob("docs/guide/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, doc := range append(guides, "README.md") {
		lines := strings.Split(text(t, doc), "\n")
		for i := 0; i < len(lines); i++ {
			language, opens := strings.CutPrefix(lines[i], "```")
			if !opens {
				continue
			}
			first := i + 1
			for i++; i < len(lines) && lines[i] != "```"; i++ {
			}
			if !slices.Contains([]string{"go", "diff", "sh", "js", "ts", "tsx", "yaml", "ini", "nginx", "haproxy", "caddyfile", "apache"}, language) || onlyMake(lines[first:i]) {
				continue
			}
			if !strings.HasPrefix(lines[first-2], "<!-- user ") {
				t.Errorf("%s:%d: no marker above this block, so no test carries it out", doc, first)
			}
			if language != "go" {
				continue
			}
			code := []byte(strings.Join(lines[first:i], "\n") + "\n")
			if formatted, err := format.Source(code); err != nil || !bytes.Equal(formatted, code) {
				t.Errorf("%s:%d: this block is not formatted: %v", doc, first, err)
			}
		}
	}
}

func onlyMake(lines []string) bool {
	return !slices.ContainsFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "make ") })
}

// command finds a command in the text. A name alone is none, and commands of other
// programs do not count.
var command = regexp.MustCompile("`((?:go (?:run|get|generate|test|vet|build|mod|tool [a-z]+)|curl|wsgen) [^`]+)`")

// TestCommandsInTextAreTested checks that a command in the text stands in a block,
// too, which a test carries out.
func TestCommandsInTextAreTested(t *testing.T) {
	guides, err := filepath.Glob("docs/guide/*.md")
	if err != nil {
		t.Fatal(err)
	}
	// make generate writes the output of the first into the README, and the scripts
	// of their names test the others.
	elsewhere := []string{"go tool wsgen list", "wsgen new", "wsgen init", "wsgen check"}
	for _, doc := range append(guides, "README.md") {
		all := text(t, doc)
		for _, m := range command.FindAllStringSubmatch(all, -1) {
			if !strings.Contains(all, "\n"+m[1]+"\n") && !slices.Contains(elsewhere, m[1]) {
				t.Errorf("%s says `%s`, which no block has: make it one", doc, m[1])
			}
		}
	}
}

// TestProgramsHaveShortTests checks that the whole programs among the guides show
// how little a test takes: one file of tests by wstest, run with the race detector,
// of at most 30 lines behind its imports.
func TestProgramsHaveShortTests(t *testing.T) {
	const most = 30
	for _, name := range []string{"room", "feed", "tokens"} {
		doc := text(t, "docs/guide/"+name+".md")
		if !strings.Contains(doc, "\n```sh\ngo test -race ./...\n```\n") {
			t.Errorf("%s.md does not run its test with the race detector", name)
		}
		files := testFile.FindAllStringSubmatch(doc, -1)
		if len(files) != 1 {
			t.Errorf("%s.md has %d files of tests, want one", name, len(files))
			continue
		}
		_, code, found := strings.Cut(files[0][1], "\n)\n")
		lines := slices.DeleteFunc(strings.Split(code, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
		if !found || !strings.Contains(code, "wstest.Dial(") || !strings.Contains(code, "\nfunc Test") || len(lines) > most {
			t.Errorf("%s.md: its test should be by wstest, and has %d lines, want at most %d", name, len(lines), most)
		}
	}
}

// testFile finds a file of tests in a guide.
var testFile = regexp.MustCompile("(?s)<!-- user guide: file [^ ]+_test\\.go -->\n```go\n(.*?)```\n")

// TestReadLoopIsToldEarly checks that the one rule which a handler's author must
// know before the first slow handler stands where people write their first one: in
// front of the README's first section, and in that of the guide that shows a
// handler. The words are the same.
func TestReadLoopIsToldEarly(t *testing.T) {
	const rule = "\n**A handler without a context runs on the loop that reads its connection**"
	var told []string
	for doc, before := range map[string]string{"README.md": "\n## ", "docs/guide/first-gateway.md": "\n## A push"} {
		early, _, _ := strings.Cut(text(t, doc), before)
		_, rest, found := strings.Cut(early, rule)
		if !found {
			t.Errorf("%s does not say, before its %q, where a handler runs", doc, strings.TrimSpace(before))
		}
		paragraph, _, _ := strings.Cut(rest, "\n")
		told = append(told, paragraph)
	}
	if len(slices.Compact(told)) != 1 || !strings.Contains(told[0], "`context.Context`") || !strings.Contains(told[0], "`mode=serial`") {
		t.Errorf("the rule is told in two ways, or without its cure: %q", told)
	}
}
