package cache_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cache"
)

func (p *place) openMade() *cache.Made {
	p.t.Helper()
	m, err := cache.OpenMade(p.q.Root)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

const generated = "package chat\n\nvar x = 1\n"

// TestMade checks that a file is recalled only if it holds exactly what was made
// of the model.
func TestMade(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(p *place)
		want bool
	}{
		"nothing":                {func(*place) {}, true},
		"another file is edited": {func(p *place) { p.write("m/chat/chat.go", "package chat // x\n") }, true},
		"the file is edited":     {func(p *place) { p.write("m/chat/ws_gen.go", generated+"// by hand\n") }, false},
		"the file is gone":       {func(p *place) { p.remove("m/chat/ws_gen.go") }, false},
		"the memory is gone":     {func(p *place) { p.remove(".cache") }, false},
		"the memory is cut off":  {func(p *place) { p.memory(func(s string) string { return s[:len(s)/2] }) }, false},
		"the memory is no JSON":  {func(p *place) { p.memory(func(string) string { return "null" }) }, false},
		"the module is another":  {func(p *place) { p.q.Root = p.path("member") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			path := p.path("m/chat/ws_gen.go")
			p.write("m/chat/ws_gen.go", generated)
			m := p.openMade()
			if _, ok := m.Recall(path, "model"); ok {
				t.Error("recalled before it was kept")
			}
			m.Keep(path, "model", []byte(generated))
			if err := m.Save(); err != nil {
				t.Fatal(err)
			}
			c.edit(p)
			m = p.openMade()
			for model, want := range map[string]bool{"model": c.want, "other": false, "": false} {
				if text, ok := m.Recall(path, model); ok != want || ok && string(text) != generated {
					t.Errorf("model %q: recalled %q, %v; want %v", model, text, ok, want)
				}
			}
			if _, ok := m.Recall(p.path("m/chat/chat.go"), ""); ok {
				t.Error("recalled a file that was never kept")
			}
		})
	}
}

// memory edits the file with what is remembered.
func (p *place) memory(edit func(string) string) {
	p.t.Helper()
	folder, err := cache.Folder()
	if err != nil {
		p.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "made", "*.json"))
	if err != nil || len(files) != 1 {
		p.t.Fatalf("remembered in %v, %v; want one file", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(files[0], []byte(edit(string(data))), 0o644); err != nil {
		p.t.Fatal(err)
	}
}
