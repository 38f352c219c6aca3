package diag

import (
	"bytes"
	"errors"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func pos(file string, line, column int) token.Position {
	return token.Position{Filename: file, Line: line, Column: column}
}

func text(t *testing.T, l List, opts TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, l, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "chat", "chat.go")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	long := "//ws:gateway /" + strings.Repeat("long/", 20) + " versoin=1"
	src := "package chat\n\n\t//ws:subscrib über\r\nfunc x() {\n}\n" + long + "\n"
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{
			"a range, help, and a related place",
			Diagnostic{
				Code: "WS004", Pos: pos(file, 3, 7), End: pos(file, 3, 15), Message: "no such directive", Help: "did you mean //ws:subscribe?",
				Related: []Related{{Pos: pos(file, 1, 9), Message: "the package"}},
			},
			`chat/chat.go:3:7: no such directive [WS004]
    3 |     //ws:subscrib über
      |          ^^^^^^^^
   help: did you mean //ws:subscribe?
   see: chat/chat.go:1:9: the package
    1 | package chat
`,
		},
		{
			"no end, and behind a character of two bytes",
			Diagnostic{Code: "WS001", Pos: pos(file, 3, 19), Message: "m"},
			`chat/chat.go:3:19: m [WS001]
    3 |     //ws:subscrib über
      |                     ^
`,
		},
		{
			"more than one line",
			Diagnostic{Code: "WS001", Pos: pos(file, 4, 6), End: pos(file, 5, 2), Message: "m"},
			`chat/chat.go:4:6: m [WS001]
    4 | func x() {
      |      ^^^^^
`,
		},
		{
			"a long line",
			Diagnostic{Code: "WS011", Pos: pos(file, 6, 116), End: pos(file, 6, 123), Message: "m"},
			"", // checkCropped
		},
		{
			"no position",
			Diagnostic{Code: "WS001", Message: "m", Warning: true},
			"warning: m [WS001]\n",
		},
		{
			"a file only, which is gone",
			Diagnostic{Code: "WS001", Pos: token.Position{Filename: "/gone.go"}, Message: "m"},
			"/gone.go: m [WS001]\n",
		},
		{
			"a line beyond the end",
			Diagnostic{Code: "WS001", Pos: pos(file, 99, 1), Message: "m"},
			"chat/chat.go:99:1: m [WS001]\n",
		},
		{
			"help that is long, and code in it",
			Diagnostic{Code: "WS034", Message: "m", Help: strings.Repeat("word ", 20) + "end:\n\nfunc f() {\n\treturn\n}"},
			`m [WS034]
   help: word word word word word word word word word word word word word word
         word word word word word word end:

         func f() {
             return
         }
`,
		},
	} {
		got := text(t, List{c.d}, TextOptions{Dir: dir})
		if c.name == "a long line" {
			checkCropped(t, got)
			continue
		}
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// checkCropped fails unless the excerpt fits a terminal and the caret stands
// below its word.
func checkCropped(t *testing.T, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	source, caret := []rune(lines[1]), []rune(lines[2])
	if len(source) > width || source[8] != '…' {
		t.Errorf("not cropped: %s", lines[1])
	}
	from := strings.IndexRune(string(caret), '^')
	if word := string(source[from:len(caret)]); word != "versoin" {
		t.Errorf("the caret is below %q:\n%s", word, got)
	}
}

func TestTextColor(t *testing.T) {
	t.Parallel()
	l := List{{Code: "WS001", Message: "m", Help: "h"}}
	if got := text(t, l, TextOptions{}); strings.Contains(got, "\x1b") {
		t.Errorf("colour without being asked: %q", got)
	}
	if got := text(t, l, TextOptions{Color: true}); !strings.Contains(got, "\x1b[1mm\x1b[0m") {
		t.Errorf("no colour: %q", got)
	}
	if got := text(t, l, TextOptions{Color: true}); !strings.Contains(got, "\x1b]8;;"+docs+"#ws001\x1b\\") {
		t.Errorf("no link: %q", got)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestTextFails(t *testing.T) {
	t.Parallel()
	if err := Text(full{}, List{{Message: "m"}}, TextOptions{}); err == nil {
		t.Error("no error")
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	l := List{
		{Code: "WS002", Pos: pos("b.go", 1, 1), Message: "z"},
		{Code: "WS001", Pos: pos("a.go", 2, 1), Message: "y"},
		{Code: "WS001", Pos: pos("a.go", 1, 9), Message: "x"},
		{Code: "WS001", Pos: pos("a.go", 1, 9), Message: "x"},
		{Code: "WS001", Pos: pos("a.go", 1, 9), Message: "w", Warning: true},
	}.Sort()
	var got string
	for _, d := range l {
		got += d.Message
	}
	if got != "wxyz" {
		t.Errorf("order %s", got)
	}
	if !l.HasErrors() || l[:1].HasErrors() {
		t.Error("HasErrors is wrong about warnings")
	}
}
