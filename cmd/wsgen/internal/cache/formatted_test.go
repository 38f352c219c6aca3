package cache_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cache"
)

func (p *place) openFormatted() *cache.Formatted {
	p.t.Helper()
	f, err := cache.OpenFormatted(p.q.Root)
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// expect formats source for chat/ws_gen.go.
func (p *place) expect(f *cache.Formatted, source, want string) {
	p.t.Helper()
	got, err := f.Format(p.path("m/chat/ws_gen.go"), []byte(source))
	if err != nil || string(got) != want {
		p.t.Errorf("%q is formatted as %q, %v; want %q", source, got, err, want)
	}
}

const (
	unformatted = "package   chat\nvar  x=1\n"
	asFormatted = "package chat\n\nvar x = 1\n"
)

// What Format returns never depends on what is remembered, or on the file.
func TestFormattedAnew(t *testing.T) {
	for name, edit := range map[string]func(p *place){
		"nothing":                func(*place) {},
		"the file is edited":     func(p *place) { p.write("m/chat/ws_gen.go", asFormatted+"// by hand\n") },
		"the file is gone":       func(p *place) { p.remove("m/chat/ws_gen.go") },
		"the memory is gone":     func(p *place) { p.remove(".cache") },
		"the memory is cut off":  func(p *place) { p.memory(func(s string) string { return s[:len(s)/2] }) },
		"the memory is no JSON":  func(p *place) { p.memory(func(string) string { return "null" }) },
		"the memory is of other": func(p *place) { p.q.Root = p.path("member") },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.write("m/chat/ws_gen.go", asFormatted)
			f := p.openFormatted()
			p.expect(f, unformatted, asFormatted)
			if err := f.Save(); err != nil {
				t.Fatal(err)
			}
			edit(p)
			f = p.openFormatted()
			p.expect(f, unformatted, asFormatted)
			p.expect(f, "package  chat", "package chat\n")
			p.expect(f, unformatted, asFormatted)
			if _, err := f.Format(p.path("m/chat/ws_gen.go"), []byte("package")); err == nil {
				t.Error("no error for what does not parse")
			}
		})
	}
}

// A file that is remembered is not formatted again: with the digest of another
// text, that is what comes.
func TestFormattedBefore(t *testing.T) {
	p := newPlace(t)
	const other = "package chat\n\nvar y = 1\n"
	p.write("m/chat/ws_gen.go", other)
	f := p.openFormatted()
	p.expect(f, unformatted, asFormatted)
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	p.memory(func(s string) string {
		return strings.Replace(s, fmt.Sprintf("%x", sha256.Sum256([]byte(asFormatted))), fmt.Sprintf("%x", sha256.Sum256([]byte(other))), 1)
	})
	p.expect(p.openFormatted(), unformatted, other)
}

// memory edits the file with what is remembered.
func (p *place) memory(edit func(string) string) {
	p.t.Helper()
	folder, err := cache.Folder()
	if err != nil {
		p.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "formatted", "*.json"))
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
