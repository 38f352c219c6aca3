package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoflags checks that wsgen refuses to run if GOFLAGS has the go command read
// other files than those on disk.
func TestGoflags(t *testing.T) {
	t.Parallel()
	const chat = "-- chat/chat.go --\npackage chat\n\nimport _ \"errors\"\n\n//ws:gateway /chat\ntype Chat struct{}\n"
	for name, c := range map[string]struct {
		flags, files, want string
	}{
		"nothing":                      {"", chat, ""},
		"usual flags":                  {"-mod=mod -trimpath", chat, ""},
		"an overlay of a Go file":      {"-overlay=o.json", chat + "-- o.json --\n{\"Replace\": {\"chat/chat.go\": \"x\"}}\n", "chat.go, and wsgen reads that as it is on disk"},
		"one that adds a Go file":      {"-overlay=o.json", chat + "-- o.json --\n{\"Replace\": {\"chat/../chat/new.go\": \"x\"}}\n", "new.go, and wsgen reads"},
		"one of what wsgen writes":     {"-overlay=o.json", chat + "-- o.json --\n{\"Replace\": {\"chat/ws_gen.go\": \"\"}}\n", ""},
		"one of another's":             {"-overlay=o.json", chat + "-- o.json --\n{\"Replace\": {\"../other/x.go\": \"x\", \"chat/text.txt\": \"x\"}}\n", ""},
		"another go.mod":               {"-modfile=alt.mod", chat, "wsgen reads go.mod"},
		"an overlay that is not there": {"-overlay=none.json", chat, "none.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := module(t, c.files)
			p, list, err := Load(t.Context(), Options{Generated: made(), Dir: dir, Env: append(os.Environ(), "GOFLAGS="+c.flags, "GOPROXY=off")})
			switch {
			case c.want != "" && (err == nil || !strings.Contains(filepath.ToSlash(err.Error()), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case c.want == "" && (err != nil || len(list) > 0):
				t.Error(err, list)
			case c.want == "" && (len(p.Packages) != 1 || len(p.Packages[0].Files) != 1):
				t.Errorf("it reads %v", p.Packages)
			}
		})
	}
}
