package emit_test

import (
	"slices"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// TestTable checks that the table finds, for a file, the row that makes it.
func TestTable(t *testing.T) {
	table := emit.Table{
		{Name: "server", File: "ws_gen.go", Header: mark.Go},
		{Name: "schema", File: "ws.schema.json", Header: `  "x-wsgen": "made",`},
		{Name: "client", Scope: emit.PerApp, File: "/web/live.gen.ts", Header: "// made"},
	}
	if got := table.Names(); !slices.Equal(got, []string{"ws_gen.go", "ws.schema.json"}) {
		t.Errorf("names %q", got)
	}
	if got := table.Paths(); !slices.Equal(got, []string{"/web/live.gen.ts"}) {
		t.Errorf("paths %q", got)
	}
	for path, want := range map[string]string{
		"/m/chat/ws_gen.go":      "server",
		"/m/chat/ws.schema.json": "schema",
		"/web/live.gen.ts":       "client",
		"/m/live.gen.ts":         "",
		"/m/chat/ws_gen.go.txt":  "",
	} {
		if a, ok := table.Of(path); a.Name != want || ok != (want != "") {
			t.Errorf("%s is of %q", path, a.Name)
		}
	}
	files := table.Files()
	for path, text := range map[string]string{
		"/m/chat/ws_gen.go":      string(mark.Go) + "\n",
		"/m/chat/ws.schema.json": "{\n  \"x-wsgen\": \"made\",\n  \"a\": 1\n}\n",
	} {
		if !files.Named(path) || !files.Wrote(path, []byte(text)) || files.Wrote(path, []byte("by hand\n")) {
			t.Errorf("%s is not known by its line", path)
		}
	}
	if files.Named("/web/live.gen.ts") || files.Wrote("/m/chat/ws_gen.go", []byte("{\n  \"x-wsgen\": \"made\",\n}\n")) {
		t.Error("a file is known by the line of another")
	}
}
