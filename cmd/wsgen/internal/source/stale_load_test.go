package source

import (
	"fmt"
	"go/types"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestLoadFromEmptyCache loads a module with a build cache that has nothing, and
// with one that has everything. Both programs are the same, and the cache stays
// as empty as it was.
func TestLoadFromEmptyCache(t *testing.T) {
	t.Parallel()
	const annotated = `
-- chat/chat.go --
package chat

import (
	"net/http"
	"net/url"

	"example.com/m/lib"
	"example.com/other"
)

//ws:gateway /chat
type Chat struct{ Numbers lib.Numbers }

//ws:connect
func (c *Chat) Enter(r *http.Request) error { return nil }

//ws:subscribe say
func (c *Chat) Say(k lib.Kind, u *url.URL, p other.Pair[string, lib.Made]) (lib.Vector[int], error) { return nil, nil }
`
	dir := module(t, staleModule+annotated)
	env := append(os.Environ(), "GOWORK=off", "GOENV=off", "GOPROXY=off", "GOFLAGS=")
	paths := []string{"net/http", "net/url", "example.com/m/lib"}
	if _, err := (lister{ctx: t.Context(), dir: dir, env: env}).exports(paths, compiling); err != nil {
		t.Fatal(err)
	}
	empty := append(slices.Clip(env), "GOCACHE="+t.TempDir())
	want, got := seen(t, dir, env), seen(t, dir, empty)
	if got != want || !strings.Contains(want, "Say(k example.com/m/lib.Kind") {
		t.Errorf("with an empty cache:\n%s\nwith a full one:\n%s", got, want)
	}
	l := lister{ctx: t.Context(), dir: dir, env: empty}
	exports, err := l.exports(paths, cached)
	if err != nil {
		t.Fatal(err)
	}
	for path, p := range exports {
		if p.ExportFile != "" {
			t.Errorf("%s was compiled", path)
		}
	}
}

// TestLoadFromHalfEmptyCache has a part compiled: what is read from source and what
// comes from export data are of the same types.
func TestLoadFromHalfEmptyCache(t *testing.T) {
	t.Parallel()
	dir := module(t, `
-- low/low.go --
package low

type Low struct{ N int }
-- left/left.go --
package left

import "example.com/app/low"

type Left struct{ Low low.Low }
-- right/right.go --
package right

import "example.com/app/low"

type Right struct{ Low low.Low }
-- chat/chat.go --
package chat

import (
	"example.com/app/left"
	"example.com/app/right"
)

//ws:gateway /chat
type Chat struct{}

//ws:subscribe say
func (c *Chat) Say(l left.Left, r right.Right) {}
`)
	env := append(os.Environ(), "GOWORK=off", "GOENV=off", "GOFLAGS=", "GOCACHE="+t.TempDir())
	for _, path := range []string{"example.com/app/low", "example.com/app/left", "example.com/app/right"} {
		if _, err := (lister{ctx: t.Context(), dir: dir, env: env}).exports([]string{path}, compiling); err != nil {
			t.Fatal(err)
		}
		p, list, err := Load(t.Context(), Options{Generated: made(), Dir: dir, Env: env})
		if err != nil || len(list) > 0 || !p.Whole {
			t.Fatal(err, list)
		}
		var low []types.Type
		for n := range 2 {
			side := payload(t, p, "example.com/app/chat", "Chat", "Say", n).Underlying().(*types.Struct)
			low = append(low, side.Field(0).Type())
		}
		if !types.Identical(low[0], low[1]) {
			t.Errorf("with %s compiled, %v is not %v", path, low[0], low[1])
		}
	}
}

// TestLoadBrokenFromEmptyCache checks that mistakes in what an annotated package
// imports show as they do with a full cache.
func TestLoadBrokenFromEmptyCache(t *testing.T) {
	t.Parallel()
	const chat = "-- chat/chat.go --\npackage chat\n\nimport \"example.com/app/lib\"\n\n//ws:gateway /chat\ntype Chat struct{}\n\n//ws:subscribe say\nfunc (c *Chat) Say(v lib.V) {}\n"
	for name, files := range map[string]string{
		"outside of bodies": "-- lib/lib.go --\npackage lib\n\ntype V struct{ W Missing }\n",
		"of syntax":         "-- lib/lib.go --\npackage lib\n\ntype V struct{ W int }\n\nfunc (\n",
		"below":             "-- lib/lib.go --\npackage lib\n\nimport \"example.com/app/below\"\n\ntype V struct{ W below.W }\n-- below/b.go --\npackage below\n\ntype W struct{ X Missing }\n",
		"an import":         "-- lib/lib.go --\npackage lib\n\nimport \"example.com/none\"\n\ntype V struct{ W none.W }\n",
		"a cycle":           "-- lib/lib.go --\npackage lib\n\nimport \"example.com/app/below\"\n\ntype V struct{ W below.W }\n-- below/b.go --\npackage below\n\nimport _ \"example.com/app/lib\"\n\ntype W int\n",
		"another version":   "-- lib/lib.go --\n//go:build go1.99\n\npackage lib\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := module(t, chat+files)
			env := append(os.Environ(), "GOWORK=off", "GOENV=off", "GOPROXY=off", "GOFLAGS=")
			want := seen(t, dir, env)
			if got := seen(t, dir, append(env, "GOCACHE="+t.TempDir())); got != want {
				t.Errorf("with an empty cache:\n%s\nwith a full one:\n%s", got, want)
			}
			if strings.Contains(want, "whole: true") {
				t.Errorf("nothing is wrong:\n%s", want)
			}
		})
	}
}

// seen loads dir and writes down all that a resolver would see of it.
func seen(t *testing.T, dir string, env []string) string {
	t.Helper()
	p, list, err := Load(t.Context(), Options{Generated: made(), Dir: dir, Env: env})
	if err != nil || list.HasErrors() {
		return fmt.Sprint(list, err)
	}
	var b strings.Builder
	fmt.Fprintln(&b, "whole:", p.Whole)
	for _, pkg := range p.Packages {
		for _, e := range pkg.Errors {
			fmt.Fprintln(&b, p.Position(e.Pos), e.Msg)
		}
		b.WriteString(declarations(p, pkg.Path))
		for _, to := range pkg.Types.Imports() {
			b.WriteString(declarations(p, to.Path()))
			fmt.Fprintln(&b, to.Path(), p.IsSource(to.Path()))
		}
	}
	for path := range p.Cycles() {
		fmt.Fprintln(&b, "a cycle in", path)
	}
	return b.String()
}
