package source

import (
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const chatFile = `package chat

import (
	"example.com/app/room"
	ws "github.com/wsgen/wsgen/runtime"
)

//ws:gateway /chat
type Chat struct {
	Push ws.Push[Events]
	Room *room.RoomEndpoint
}

//ws:subscribe message
func (c *Chat) Message(m room.Message) error { _ = NewEventsPush(nil); return nil }

//ws:push
type Events interface{ Said(m room.Message) }

var set = WireSet
`

const roomFile = `package room

type Message struct{ Text string }

//ws:gateway /room
type Room struct{}

//ws:subscribe join
func (r *Room) Join(name string) {}
`

// states are what a generated file can look like when wsgen runs.
func states() map[string]string {
	return map[string]string{
		"good":         "package %[1]s\n\nimport ws \"github.com/wsgen/wsgen/runtime\"\n\ntype %[2]sEndpoint struct{}\n\nfunc NewEventsPush(s *ws.Server) int { return 0 }\n\nvar WireSet = 1\n",
		"stale":        "package %[1]s\n\nvar _ = (*Removed).Method\n\ntype Message struct{ Old int }\n",
		"stale import": "package %[1]s\n\nimport \"example.com/app/removed\"\n\nvar _ = removed.X\n",
		"renamed":      "package formerly\n\ntype %[2]sEndpoint struct{}\n",
		"truncated":    "package %[1]s\n\nfunc New%[2]sEndpoint(s *ws.Ser",
		"empty":        "",
		"conflict":     "<<<<<<< HEAD\npackage %[1]s\n=======\npackage %[1]s\n>>>>>>> other\n",
	}
}

// TestLoadIgnoresGeneratedFiles: whatever the generated files are like, the
// packages are read the same, alone and where one imports the other.
func TestLoadIgnoresGeneratedFiles(t *testing.T) {
	t.Parallel()
	dir := module(t, "-- chat/chat.go --\n"+chatFile+"-- room/room.go --\n"+roomFile)
	want := describe(t, dir)
	if !strings.Contains(want, "example.com/app/room.Message") || !strings.Contains(want, "Join(name string)") {
		t.Fatalf("the handlers are not typed:\n%s", want)
	}
	for name, text := range states() {
		for _, both := range []bool{false, true} {
			for _, file := range []string{GeneratedFile, GeneratedWireFile} {
				generated(t, dir, "room", file, fmt.Sprintf(text, "room", "Room"), true)
				generated(t, dir, "chat", file, fmt.Sprintf(text, "chat", "Chat"), both)
			}
			if got := describe(t, dir); got != want {
				t.Errorf("%s, in both packages %v: got\n%s\nwant\n%s", name, both, got, want)
			}
		}
	}
}

func generated(t *testing.T, dir, pkg, file, text string, exists bool) {
	t.Helper()
	path := filepath.Join(dir, pkg, file)
	if !exists {
		os.Remove(path)
		return
	}
	if i := strings.Index(text, "%!(EXTRA"); i >= 0 { // a state that uses fewer names
		text = text[:i]
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// describe loads dir and writes down what a resolver would see.
func describe(t *testing.T, dir string) string {
	t.Helper()
	p, list, err := Load(t.Context(), Options{Dir: dir})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	var b strings.Builder
	for _, pkg := range p.Packages {
		fmt.Fprintf(&b, "%s %s %d files\n", pkg.Path, pkg.Name, len(pkg.Files))
		for _, name := range pkg.Types.Scope().Names() {
			obj := pkg.Types.Scope().Lookup(name)
			fmt.Fprintln(&b, obj)
			for m := range types.NewMethodSet(types.NewPointer(obj.Type())).Methods() {
				fmt.Fprintln(&b, "\t", m)
			}
		}
		for _, e := range pkg.Errors {
			fmt.Fprintln(&b, p.Fset.Position(e.Pos).Line, e.Msg)
		}
	}
	return b.String()
}

func BenchmarkLoad(b *testing.B) {
	dir := module(b, "-- chat/chat.go --\n"+chatFile+"-- room/room.go --\n"+roomFile)
	for b.Loop() {
		if _, list, err := Load(b.Context(), Options{Dir: dir}); err != nil || len(list) > 0 {
			b.Fatal(err, list)
		}
	}
}
