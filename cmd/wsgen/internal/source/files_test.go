package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// layout is a module as somebody may have it on disk.
type layout struct {
	files    string            // in txtar form; go.mod is added if it is not among them
	made     string            // files that wsgen wrote, which the go command does not get to see
	links    map[string]string // by their path
	env      []string
	tags     []string
	in       string // the folder in which wsgen runs; "" is the module's root
	patterns []string
}

// TestFiles checks that wsgen reads, of each package, exactly the files that the
// go command lists. If Go cannot read a file, wsgen says so of the same file. In
// every file there is a directive, so none is passed over because there is nothing
// to find.
func TestFiles(t *testing.T) {
	t.Parallel()
	all := map[string]layout{}
	for _, some := range []map[string]layout{places(), linked(), builds(), unreadable()} {
		maps.Copy(all, some)
	}
	if len(all) < 40 {
		t.Fatalf("only %d layouts", len(all))
	}
	for name, l := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			l.write(t, root)
			dir := filepath.Join(root, "m", filepath.FromSlash(l.in))
			env := append(os.Environ(), append([]string{"GOFLAGS=", "GOWORK=", "GOPROXY=off", "GOENV=" + filepath.Join(root, "env")}, l.env...)...)
			want := l.listed(t, dir, env)
			write(t, root, txtar.Parse([]byte(l.made)))
			// With an import, wsgen lists plain folders itself. Without one it has the go
			// command list them.
			uses := []string{"package use\n\nimport _ \"errors\"\n", "package use\n"}
			if l.made == "" {
				uses = uses[:1]
			}
			for _, use := range uses {
				if err := os.WriteFile(filepath.Join(root, "m/use/use.go"), directed("m/use/use.go", []byte(use)), 0o644); err != nil {
					t.Fatal(err)
				}
				if got := l.read(t, dir, env); got != want {
					t.Errorf("wsgen reads\n%s\nand go list has\n%s", got, want)
				}
			}
		})
	}
}

func (l layout) write(t *testing.T, root string) {
	t.Helper()
	archive := txtar.Parse([]byte("-- m/use/use.go --\npackage use\n" + l.files))
	if !strings.Contains(l.files, "-- m/go.mod --") {
		archive.Files = append(archive.Files, txtar.File{Name: "m/go.mod", Data: []byte("module example.com/m\n\ngo 1.26.0\n")})
	}
	for i, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".go") || strings.HasSuffix(f.Name, ".txt") && bytes.HasPrefix(f.Data, []byte("package ")) {
			archive.Files[i].Data = directed(f.Name, f.Data)
		}
	}
	write(t, root, archive)
	for from, to := range l.links {
		path := filepath.Join(root, from)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.FromSlash(to), path); err != nil {
			t.Fatal(err)
		}
	}
}

// directed is text with a directive.
func directed(name string, text []byte) []byte {
	if len(text) == 0 {
		return text // an empty file is a layout, too
	}
	id := strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return '_'
	}, strings.ToLower(name))
	return fmt.Appendf(slices.Clip(text), "\n//ws:state\ntype S_%s struct{}\n", id)
}

// listed is what go list has.
func (l layout) listed(t *testing.T, dir string, env []string) string {
	t.Helper()
	patterns := l.patterns
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	args := []string{"list", "-e", "-json=ImportPath,GoFiles,CgoFiles,InvalidGoFiles,Module"}
	if len(l.tags) > 0 {
		args = append(args, "-tags="+strings.Join(l.tags, ","))
	}
	cmd := exec.Command("go", append(args, patterns...)...)
	cmd.Dir, cmd.Env = dir, append(env, "PWD="+dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	found, bad := map[string][]string{}, map[string]bool{}
	for dec := json.NewDecoder(&out); ; {
		var p struct {
			ImportPath                        string
			GoFiles, CgoFiles, InvalidGoFiles []string
			Module                            *struct{ Path string }
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return report(found, bad)
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || p.Module.Path != "example.com/m" {
			continue // of another module of the workspace
		}
		found[p.ImportPath] = slices.Concat(p.GoFiles, p.CgoFiles)
		for _, name := range p.InvalidGoFiles {
			bad[name] = true
		}
	}
}

// read returns the files that wsgen reads, and those that it says it cannot read.
func (l layout) read(t *testing.T, dir string, env []string) string {
	t.Helper()
	p, list, err := Load(t.Context(), Options{Generated: made(), Dir: dir, Patterns: l.patterns, Tags: l.tags, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	found, bad := map[string][]string{}, map[string]bool{}
	for _, d := range list {
		if !d.Warning {
			bad[filepath.Base(d.Pos.Filename)] = true
		}
	}
	if p != nil {
		for _, pkg := range p.Packages {
			for _, f := range pkg.Files {
				if pkg.Requested {
					found[pkg.Path] = append(found[pkg.Path], filepath.Base(p.Fset.File(f.FileStart).Name()))
				}
			}
		}
	}
	return report(found, bad)
}

func report(found map[string][]string, bad map[string]bool) string {
	if len(bad) > 0 {
		return fmt.Sprintf("unreadable: %q\n", slices.Sorted(maps.Keys(bad)))
	}
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(found)) {
		if files := found[path]; len(files) > 0 {
			slices.Sort(files)
			fmt.Fprintf(&b, "%s: %q\n", path, files)
		}
	}
	return b.String()
}
