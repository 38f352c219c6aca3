package source

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/go/packages"
)

const surveyed = `
-- go.mod --
module example.com/m

go 1.26.0

require example.com/other v0.0.0

replace example.com/other => ./third/other
-- a/a.go --
package a

import (
	"errors"

	"example.com/m/b"
	"example.com/other"
)

var Err = errors.New(bee.Name + other.Name)
-- a/a_tagged.go --
//go:build tagged

package a

import _ "strings"
-- a/a_test.go --
package a
-- b/b.go --
// Package b has a name of its own.
package bee

const Name = "b"
-- b/b_cgo.go --
//go:build cgo

package bee

const Cgo = true
-- b/b_plan9.go --
package bee
-- third/other/go.mod --
module example.com/other

go 1.25.0
-- third/other/other.go --
package other

const Name = "other"
`

// What a survey has is what the go command says when it is asked one by one.
func TestSurvey(t *testing.T) {
	t.Parallel()
	dir := module(t, surveyed)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Log("the system has no links for us:", err)
		link = dir // the other cases need none
	}
	stored := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(stored, []byte("# a comment\nGOFLAGS=-mod=mod\nGOFLAGS=-tags=tagged\nCGO_ENABLED=0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	paths := []string{"encoding/json", "example.com/m/a", "errors"}
	for name, c := range map[string]struct {
		lister
		dir, flags string
	}{
		"as it is":       {dir: dir},
		"through a link": {dir: link},
		"tags":           {lister: lister{tags: []string{"tagged", "more"}}, dir: dir},
		"GOFLAGS":        {lister: lister{env: []string{"GOFLAGS=-tags=tagged -mod=mod"}}, dir: dir, flags: "-tags=tagged -mod=mod"},
		"without cgo":    {lister: lister{env: []string{"CGO_ENABLED=0"}}, dir: dir},
		"go env -w":      {lister: lister{env: []string{"GOENV=" + stored, "GOFLAGS="}}, dir: dir, flags: "-tags=tagged"},
		"both":           {lister: lister{env: []string{"GOENV=" + stored, "GOFLAGS=-trimpath"}}, dir: dir, flags: "-trimpath"},
		"no file":        {lister: lister{env: []string{"GOENV=off", "GOFLAGS="}}, dir: dir},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := c.lister
			l.ctx, l.dir, l.env = t.Context(), c.dir, append(append(os.Environ(), "GOWORK=off", "GOENV=off", "GOFLAGS="), l.env...)
			m, err := moduleOf(c.dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, have := range []having{compiling, cached} { // behind the first, the cache has all
				got, ok := l.survey(m, paths, have)
				if !ok {
					t.Fatal("the go command is asked one by one")
				}
				want := l.target(m)
				if !got.target.same(want) || got.target.flags != want.flags || got.target.flags != c.flags || !got.target.sure || !want.sure {
					t.Errorf("it builds for %+v, want %+v", got.target, want)
				}
				list, err := l.exports(paths, have)
				if err != nil {
					t.Fatal(err)
				}
				delete(got.exports, "unsafe")
				delete(list, "unsafe")
				if got, want := slices.Sorted(maps.Keys(got.exports)), slices.Sorted(maps.Keys(list)); !slices.Equal(got, want) {
					t.Fatalf("got  %q\nwant %q", got, want)
				}
				for path, want := range list {
					if got, want := compiled(got.exports[path]), compiled(want); got != want {
						t.Errorf("got  %s\nwant %s", got, want)
					}
				}
				if !whole(got.exports, true) || !whole(list, true) {
					t.Errorf("%s: something was not compiled", have)
				}
			}
		})
	}
}

// compiled is what this package looks at of what is compiled.
func compiled(p *packages.Package) string {
	if p.Module == nil { // of the standard library
		return fmt.Sprint(p.ID, p.PkgPath, p.Name, p.Dir, p.ExportFile, p.Errors)
	}
	return essence(p) + p.ExportFile + fmt.Sprint(slices.Sorted(maps.Keys(p.Imports)))
}

// Where anything is odd, all is asked one by one.
func TestNoSurvey(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]struct{ files, env, path string }{
		"a mistake":               {files: "-- b/c.go --\npackage bee\n\nvar x int = nil\n"},
		"a mistake in the syntax": {files: "-- b/c.go --\npackage bee\n\nvar\n"},
		"a package that is not":   {files: "-- b/c.go --\npackage bee\n\nimport _ \"example.com/m/none\"\n"},
		"a cycle":                 {files: "-- b/c.go --\npackage bee\n\nimport _ \"example.com/m/a\"\n"},
		"two packages":            {files: "-- b/c.go --\npackage other\n"},
		"a query":                 {path: "file=b/b.go"},
		"dots":                    {path: "./..."},
		"nothing":                 {path: "none"},
		"a workspace":             {files: "-- go.work --\ngo 1.26.0\n\nuse .\n", env: "GOWORK="},
		"a workspace elsewhere":   {env: "GOWORK=/nowhere/go.work"},
		"an overlay":              {env: "GOFLAGS=-overlay=none.json"},
		"another go.mod":          {env: "GOFLAGS=-modfile=other.mod"},
		"another format":          {env: "GOFLAGS=-json"},
		"modules":                 {env: "GOFLAGS=-m"},
		"a driver":                {env: "GOPACKAGESDRIVER=none"},
		"no module":               {env: "GO111MODULE=off"},
		"another home":            {env: "HOME=/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := append(os.Environ(), "GOWORK=off", "GOENV=off", "GOFLAGS=", "GOPROXY=off", odd.env)
			if name == "another home" {
				env = append(env, "GOENV=")
			}
			dir := module(t, surveyed+odd.files)
			m, err := moduleOf(dir)
			if err != nil {
				t.Fatal(err)
			}
			path := "example.com/m/a"
			if odd.path != "" {
				path = odd.path
			}
			if _, ok := (lister{ctx: t.Context(), dir: dir, env: env}).survey(m, []string{path}, compiling); ok {
				t.Error("it is taken for plain")
			}
		})
	}
	if _, ok := (lister{ctx: t.Context(), dir: t.TempDir(), env: append(os.Environ(), "GOWORK=off")}).survey(Module{Path: "example.com/m", Dir: t.TempDir()}, []string{"errors"}, compiling); ok {
		t.Error("a folder without a module is taken for one")
	}
}

// An answer that is cut off, or of a go command that writes otherwise, is none.
func TestSurveyAnswer(t *testing.T) {
	t.Parallel()
	m := Module{Path: "example.com/m", Dir: "/m"}
	const head = `context "/go" "linux" "amd64" "gc" true false "" "" "go1.1"
main true "/m/go.mod"
package "unsafe" "unsafe" "/go/src/unsafe" ""
`
	for text, want := range map[string]bool{
		head: true,
		head + "package \"a\" \"a\" \"/a\" \"/x\"\nmodule \"m\" \"/m\" true \"1.26\" \"\"\nfile \"a.go\"\nimport \"unsafe\"\nimport \"C\"\n": true,
		head + "package \"a\" \"a\" \"/a\" \"\"\nfile \"a.go\"\nother \"a.swig\"\nimport \"unsafe\"\nas \"safe\" \"unsafe\"\n":               true,
		"": false,
		"package \"unsafe\" \"unsafe\" \"/go/src/unsafe\" \"\"\n": false,
		head[:len(head)-60]: false,
		head + "odd\n":      false,
		head + "package \"a\" \"a\" \"/a\" \"/x\"\nas \"safe\" \"unsafe\"\n":       false,
		head + "package \"a\" \"a\" \"a\" \"/x\"\n":                                false,
		head + "package \"a\" \"a\" \"/a\" \"/x\"\nimport \"b\"\n":                 false,
		head + "package \"a\" \"a\" \"/a\" \"/x\n":                                 false,
		head + "package \"unsafe\" \"unsafe\" \"/go/src/unsafe\" \"\"\n":           false,
		head + "package \"a\" \"a\" \"/a\" \"/x\"\nmodule \"m\" \"/m\" yes \"\"\n": false,
	} {
		s := survey{exports: map[string]*packages.Package{}}
		if got := s.read(m, []byte(text)); got != want {
			t.Errorf("%v, want %v:\n%s", got, want, text)
		}
	}
	other := survey{exports: map[string]*packages.Package{}}
	if other.read(Module{Path: "example.com/m", Dir: "/other"}, []byte(head)) {
		t.Error("another module is taken for this one")
	}
}
