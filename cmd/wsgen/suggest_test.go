package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cli"
)

// suggestion finds what wrong usage is told to write instead, and says what it
// stands for: an argument, or the whole command line.
var suggestion = regexp.MustCompile(`did you mean (\S+)\?|(?:write|written|the folder as|are|name its folder,|as in: wsgen|slash: wsgen) (\.{1,2}/\S*|\.|\S+/\.\.\.|-C \S+)(?: for its folders)?$`)

// TestSuggestions takes wsgen at its word. It runs wrong usage, and then the same
// with the suggested words, which has to be right.
func TestSuggestions(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.26.0\n",
		"a.go":             "package m\n",
		"chat/chat.go":     "package chat\n",
		"chatty/chatty.go": "package chatty\n",
		"list/list.go":     "package list\n",
		"work/go.work":     "go 1.26.0\n\nuse ./one\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	alone := t.TempDir() // a workspace whose root is no module
	for name, text := range map[string]string{"go.work": "go 1.26.0\n\nuse ./one\n", "one/go.mod": "module example.com/one\n\ngo 1.26.0\n", "one/one.go": "package one\n"} {
		path := filepath.Join(alone, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("GOWORK", "off")
	for _, c := range []struct {
		in   string   // the folder
		args []string // wrong
		want []string // what comes of the suggestion
	}{
		{dir, []string{"chekc"}, []string{"check"}},
		{dir, []string{"lits", "-json"}, []string{"list", "-json"}},
		{dir, []string{"-wier=off"}, []string{"-wire=off"}},
		{dir, []string{"list", "-jsno"}, []string{"list", "-json"}},
		{dir, []string{"list", "-format=jsno"}, []string{"list", "-format=json"}},
		{dir, []string{"explain", "WS222"}, []string{"explain", "WS022"}},
		{dir, []string{"help", "chek"}, []string{"help", "check"}},
		{dir, []string{"list", "all"}, []string{"list", "./..."}},
		{dir, []string{"list", "chat"}, []string{"list", "./chat"}},
		{dir, []string{"chat"}, []string{"./chat"}},
		{dir, []string{"generate", "list"}, []string{"generate", "./list"}},
		{dir, []string{"./a.go"}, []string{"."}},
		{dir, []string{"a.go"}, []string{"."}},
		{dir, []string{"./chat/chat.go"}, []string{"./chat"}},
		{dir, []string{"chat/chat.go"}, []string{"./chat"}},
		{filepath.Join(dir, "chat"), []string{"../chatty/chatty.go"}, []string{"../chatty"}},
		{filepath.Join(dir, "chat"), []string{"chat.go"}, []string{"."}},
		{dir, []string{"./chat..."}, []string{"./chat/..."}},
		{dir, []string{"./cha..."}, []string{"./..."}},
		{dir, []string{"chat/..."}, []string{"./chat/..."}},
		{dir, []string{"example.com/m/chat..."}, []string{"example.com/m/chat/..."}},
		{dir, []string{"example.com/m/cha..."}, []string{"example.com/m/..."}},
		{alone, []string{"list"}, []string{"-C", "one", "list"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Chdir(c.in)
			code, said := usage(c.args)
			if code == 0 {
				t.Fatalf("it is right: %s", said)
			}
			fixed := follow(c.args, said)
			if !slices.Equal(fixed, c.want) {
				t.Fatalf("comes to %q, want %q:\n%s", fixed, c.want, said)
			}
			if c.want[0] == "-C" {
				fixed = append(fixed[2:3:3], append(fixed[:2:2], fixed[3:]...)...) // flags stand behind the command
			}
			if code, said := usage(fixed); code != 0 {
				t.Errorf("wsgen %s, as was suggested: %d, %s", strings.Join(fixed, " "), code, said)
			}
		})
	}
}

func usage(args []string) (code int, said string) {
	var stdout, stderr bytes.Buffer
	code = cli.Main(strings.NewReader(""), &stdout, &stderr, args)
	return code, stderr.String()
}

// follow writes args as it was suggested.
func follow(args []string, said string) []string {
	fixed := slices.Clone(args)
	for line := range strings.Lines(said) {
		m := suggestion.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		code := m[1] + m[2]
		if dir, ok := strings.CutPrefix(code, "-C "); ok {
			return append([]string{"-C", dir}, args...)
		}
		for i, arg := range args {
			name, value, ok := strings.Cut(arg, "=")
			switch {
			case strings.Contains(line, "-format="+value+" ") && ok:
				fixed[i] = name + "=" + code
			case ok && strings.HasPrefix(code, "-"):
				fixed[i] = code + "=" + value
			case strings.Contains(line, arg) || len(args) == 1:
				fixed[i] = code
			}
		}
	}
	return fixed
}
