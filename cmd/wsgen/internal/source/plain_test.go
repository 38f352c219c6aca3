package source

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/packages"
)

const plainModule = `
-- app.go --
package app
-- sub/a.go --
package sub
-- sub/a_test.go --
package sub
-- sub/b_linux.go --
package sub
-- sub/b_windows_arm64.go --
package sub
-- sub/c.go --
//go:build tagged && !windows

package sub
-- sub/d.go --
//go:build go1.99 || cgo

package sub
-- sub/e.go --
//go:build goexperiment.jsonv2

package sub
-- sub/doc.go --
package documentation
-- sub/_f.go --
package other
-- sub/ws_gen.go --
package sub

var x = undefined
-- cmd/main.go --
package main

import "example.com/nowhere"
`

// TestPlain checks that plain lists the same as the go command.
func TestPlain(t *testing.T) {
	t.Parallel()
	dir := module(t, plainModule)
	m, err := moduleOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	dirs := []string{dir, filepath.Join(dir, "cmd"), filepath.Join(dir, "sub")}
	for name, l := range map[string]lister{
		"as it is":    {},
		"tags":        {tags: []string{"tagged", "more"}},
		"GOFLAGS":     {env: []string{"GOFLAGS=-tags=tagged -mod=mod"}},
		"Windows":     {env: []string{"GOOS=windows", "GOARCH=arm64"}, tags: []string{"tagged"}},
		"without cgo": {env: []string{"CGO_ENABLED=0"}},
		"experiment":  {env: []string{"GOEXPERIMENT=jsonv2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l.ctx, l.dir, l.env = t.Context(), dir, append(os.Environ(), l.env...)
			want, err := l.folders(dirs)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := l.target(m).plain(m, found(t, m, dirs...))
			if !ok {
				t.Fatal("left to the go command")
			}
			for _, dir := range dirs {
				if got, want := essence(got[dir]), essence(want[dir]); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

// found are the folders at dirs, as a scan finds them.
func found(t *testing.T, m Module, dirs ...string) (list []*folder) {
	t.Helper()
	folders, err := scan(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		list = append(list, folders[dir])
	}
	return list
}

// essence writes down the parts of p that this package looks at.
func essence(p *packages.Package) string {
	if p == nil {
		return "nothing"
	}
	return fmt.Sprintf("%q %q %q %q\n%q\n%q\n%q %q %v %q", p.ID, p.PkgPath, p.Name, p.Dir,
		p.GoFiles, p.IgnoredFiles, p.Module.Path, p.Module.Dir, p.Module.Main, p.Module.GoVersion) + fmt.Sprint(p.Errors)
}

// TestNotPlain checks that plain leaves it to the go command to list folders that
// this may see otherwise.
func TestNotPlain(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]struct{ files, env string }{
		"cgo":                      {files: "-- sub/g.go --\npackage sub\n\nimport \"C\"\n"},
		"assembly":                 {files: "-- sub/g.s --\n"},
		"assembly of another arch": {files: "-- sub/g_plan9.s --\n"},
		"two packages":             {files: "-- sub/g.go --\npackage other\n"},
		"no package clause":        {files: "-- sub/g.go --\n"},
		"a merge conflict":         {files: "-- sub/ws_gen.go --\n<<<<<<< HEAD\npackage sub\n"}, // of a file that wsgen did not write
		"a workspace":              {files: "-- go.work --\ngo 1.26.0\n\nuse .\n"},
		"an overlay":               {env: "GOFLAGS=-overlay=none.json"},
		"another go.mod":           {env: "GOFLAGS=-modfile=other.mod"},
		"a driver":                 {env: "GOPACKAGESDRIVER=none"},
		"no module":                {env: "GO111MODULE=off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := module(t, plainModule+odd.files)
			m, err := moduleOf(dir)
			if err != nil {
				t.Fatal(err)
			}
			l := lister{ctx: t.Context(), dir: dir, env: append(os.Environ(), odd.env)}
			if _, ok := l.target(m).plain(m, found(t, m, dir, filepath.Join(dir, "sub"))); ok {
				t.Error("the go command is not asked")
			}
		})
	}
	dir := module(t, "-- ä b/b.go --\npackage b\n")
	m, err := moduleOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := (lister{ctx: t.Context(), dir: dir}).target(m).plain(m, found(t, m, filepath.Join(dir, "ä b"))); ok {
		t.Error("a folder that no import path names is taken for a package")
	}
}
