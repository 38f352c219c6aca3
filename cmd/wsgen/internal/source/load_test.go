package source

import (
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// module writes a module of the given files, in txtar form, that finds the
// stand-in runtime beside it, and returns its folder.
func module(t testing.TB, files string) string {
	t.Helper()
	root := t.TempDir()
	stub, err := txtar.ParseFile("testdata/runtime.txtar")
	if err != nil {
		t.Fatal(err)
	}
	write(t, root, stub)
	dir := filepath.Join(root, "app")
	write(t, dir, txtar.Parse([]byte(goMod+files)))
	return dir
}

const goMod = `-- go.mod --
module example.com/app

go 1.26.0

require github.com/wsgen/wsgen v0.0.0

replace github.com/wsgen/wsgen => ../runtime
`

func write(t testing.TB, dir string, a *txtar.Archive) {
	t.Helper()
	for _, f := range a.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadFindsAnnotatedPackages(t *testing.T) {
	t.Parallel()
	dir := module(t, `
-- a/a.go --
package a

//ws:gateway /a
type A struct{}
-- b/b.go --
package b

const text = "//ws:gateway /b"
-- b/ws_gen.go --
package b
-- c/c_test.go --
package c

//ws:gateway /c
type C struct{}
-- d/testdata/d.go --
package d

//ws:gateway /d
-- d/_skip/d.go --
package d

//ws:gateway /d
-- d/vendor/v/v.go --
package v

//ws:gateway /v
-- nested/go.mod --
module example.com/nested
-- nested/n.go --
package nested

//ws:gateway /n
-- e/deep/e.go --
package e

//ws:gateway /e
type E struct{}
-- e/deep/e_plan9.go --
package e

//ws:gateway /plan9
type Plan9 struct{}
-- e/deep/e_tagged.go --
//go:build special

package e

//ws:gateway /special
type Special struct{}
-- e/deep/plain_plan9.go --
package e
`)
	for _, c := range []struct {
		patterns  []string
		tags      []string
		requested string
	}{
		{nil, nil, "a c e/deep"},
		{[]string{"./..."}, nil, "a c e/deep"},
		{[]string{"./a"}, nil, "a"},
		{[]string{"example.com/app/e/..."}, nil, "e/deep"},
		{[]string{"./e"}, nil, ""},
		{[]string{"./a", "./e/deep"}, []string{"special"}, "a e/deep"},
	} {
		p, list, err := Load(t.Context(), Options{Dir: dir, Patterns: c.patterns, Tags: c.tags})
		if err != nil || len(list) > 0 {
			t.Fatal(c.patterns, err, list)
		}
		var requested, all []string
		for _, pkg := range p.Packages {
			name := strings.TrimPrefix(pkg.Path, "example.com/app/")
			all = append(all, name)
			if pkg.Requested {
				requested = append(requested, name)
			}
			if name != "e/deep" {
				continue
			}
			if n := len(pkg.Files); n != 1+len(c.tags) {
				t.Errorf("%v: %d files of e/deep", c.patterns, n)
			}
			if n := len(pkg.Others); n != 2-len(c.tags) {
				t.Errorf("%v: %d other files of e/deep", c.patterns, n)
			}
		}
		if got := strings.Join(requested, " "); got != c.requested {
			t.Errorf("%v: requested %q, want %q", c.patterns, got, c.requested)
		}
		if got := strings.Join(all, " "); got != "a c e/deep" {
			t.Errorf("%v: loaded %q", c.patterns, got)
		}
		if len(c.patterns) == 0 && (len(p.Generated) != 1 || !strings.HasSuffix(p.Generated[0], "b/ws_gen.go")) {
			t.Errorf("generated files %v", p.Generated)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	dir := module(t, "-- a/a.go --\npackage a\n-- nested/go.mod --\nmodule example.com/nested\n-- nested/n.go --\npackage n\n")
	empty := t.TempDir()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "go.mod"), []byte("// nothing\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, pattern, want string }{
		{empty, "./...", "go mod init"},
		{broken, "./...", "has no module line"},
		{dir, "./b", "there is no folder"},
		{dir, "b", "./b"},
		{dir, "./nested", "belongs to module example.com/nested"},
		{dir, "./a/a.go", "is a file: name its folder, ./a"},
	} {
		_, _, err := Load(t.Context(), Options{Dir: c.dir, Patterns: []string{c.pattern}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.pattern, err, c.want)
		}
	}
}

// TestLoadReadsFromSourceWhatDoesNotCompile: a package between two annotated
// ones, and one that is broken, have no export data.
func TestLoadReadsFromSourceWhatDoesNotCompile(t *testing.T) {
	t.Parallel()
	dir := module(t, `
-- a/a.go --
package a

import (
	"example.com/app/broken"
	"example.com/app/between"
)

//ws:gateway /a
type A struct{}

//ws:subscribe x
func (a *A) X(m between.M, n broken.N) {}
-- between/between.go --
package between

import "example.com/app/b"

type M struct{ B b.B }
-- broken/broken.go --
package broken

type N struct{ V int }

var x undefined = 1
-- b/b.go --
package b

//ws:state
type B struct{}

var _ BEndpoint
`)
	p, list, err := Load(t.Context(), Options{Dir: dir})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	a := p.Packages[0]
	if len(a.Errors) > 0 {
		t.Errorf("errors %v", a.Errors)
	}
	x, _, _ := types.LookupFieldOrMethod(a.Types.Scope().Lookup("A").Type(), true, a.Types, "X")
	m := x.Type().(*types.Signature).Params().At(0).Type().Underlying().(*types.Struct)
	if got, want := m.Field(0).Type(), p.Packages[1].Types.Scope().Lookup("B").Type(); !types.Identical(got, want) {
		t.Errorf("the type seen through another package is %v, not %v", got, want)
	}
	if imports, ok := p.FromSource("example.com/app/between"); !ok || len(imports) != 1 {
		t.Errorf("between was not read from source: %v %v", imports, ok)
	}
}

func TestLoadInWorkspace(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, txtar.Parse([]byte(`
-- go.work --
go 1.26.0

use (
	./one
	./two
)
-- one/go.mod --
module example.com/one

go 1.26.0
-- one/one.go --
package one

import "example.com/two"

//ws:gateway /one
type One struct{}

//ws:subscribe x
func (o *One) X(m two.M) {}
-- two/go.mod --
module example.com/two

go 1.26.0
-- two/two.go --
package two

//ws:gateway /two
type M struct{}

var _ MEndpoint
`)))
	p, list, err := Load(t.Context(), Options{Dir: filepath.Join(root, "one")})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	if len(p.Packages) != 1 || p.Packages[0].Path != "example.com/one" || len(p.Packages[0].Errors) > 0 {
		t.Errorf("got %v", p.Packages[0])
	}
}

func TestModuleRequires(t *testing.T) {
	t.Parallel()
	m, err := parseModule("/m", `
module "example.com/m" // comment

go 1.26.0

require example.com/one v1.0.0 // indirect
require (
	// example.com/not v1.0.0
	"example.com/two" v1.0.0
)
require(
	example.com/five v1.0.0
)
exclude example.com/three v1.0.0
tool (
	example.com/four
)
`)
	if err != nil || m.Path != "example.com/m" || m.Go != "1.26.0" {
		t.Fatal(m, err)
	}
	for path, want := range map[string]bool{
		"example.com/one": true, "example.com/two": true, "example.com/five": true,
		"example.com/three": false, "example.com/four": false, "example.com/not": false, "(": false,
	} {
		if got := m.Requires(path); got != want {
			t.Errorf("Requires(%s) = %v", path, got)
		}
	}
}

func TestLoadSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "bad.go:1:1: the file is empty"},
		{"packge chat\n", "bad.go:1:1: expected 'package', found packge"},
		{"package chat\n\nfunc f( {\n", "bad.go:3:9: expected ')', found '{'"},
		{"package chat\n\n<<<<<<< HEAD\n", "bad.go:3:1: this is the mark of a merge conflict"},
		{"package other\n", "bad.go:1:9: this file is package other, a.go is package chat"},
	} {
		dir := module(t, "-- chat/a.go --\npackage chat\n\n//ws:gateway /a\ntype A struct{}\n-- chat/bad.go --\n"+c.text)
		p, list, err := Load(t.Context(), Options{Dir: dir})
		if p != nil || err != nil || !list.HasErrors() {
			t.Errorf("%q: got %v %v %v", c.text, p, list, err)
			continue
		}
		d := list[0]
		if got := fmt.Sprintf("%s:%d:%d: %s", filepath.Base(d.Pos.Filename), d.Pos.Line, d.Pos.Column, d.Message); got != c.want || d.Help == "" {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestLoadOutsideWorkspace(t *testing.T) {
	t.Parallel()
	dir := module(t, "-- a/a.go --\npackage a\n\n//ws:gateway /a\ntype A struct{}\n-- other/go.mod --\nmodule example.com/other\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "go.work"), []byte("go 1.26.0\n\nuse ./app/other\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := Load(t.Context(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "go work use") {
		t.Errorf("got %v", err)
	}
}

func TestLoadWithoutGo(t *testing.T) {
	dir := module(t, "-- a/a.go --\npackage a\n\n//ws:gateway /a\ntype A struct{}\n")
	t.Setenv("PATH", "")
	_, _, err := Load(t.Context(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "install Go") {
		t.Errorf("got %v", err)
	}
}
