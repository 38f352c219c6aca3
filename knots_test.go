package wsgen_test

import (
	"fmt"
	"go/ast"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

// maxKnot is how many files of a package may all reach each other, each by the
// names that it uses of others. If they are few, there is a bottom to start
// reading from, and a change of a file touches only those above it.
const maxKnot = 12

// programs are the packages of generator and runtime with their types. To check them
// takes seconds, so tests share them, and change nothing.
var programs = sync.OnceValues(func() ([]*packages.Package, error) {
	return packages.Load(&packages.Config{Mode: packages.LoadSyntax}, "./cmd/wsgen/...", "./runtime/...")
})

func loaded(t *testing.T) []*packages.Package {
	t.Helper()
	all, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestKnots holds the files of each package to an order.
func TestKnots(t *testing.T) {
	t.Parallel()
	all := loaded(t)
	if len(all) < 30 {
		t.Fatalf("%d packages", len(all))
	}
	for _, p := range all {
		for _, e := range p.Errors {
			t.Error(e)
		}
		if knot := largestKnot(arrows(p)); len(knot) > maxKnot {
			t.Errorf("in %s %d files all reach each other, and %d may: %v\nmove what those below use of those above to a file below both", p.PkgPath, len(knot), maxKnot, knot)
		}
	}
}

// gatewayHalf are the files of package ws that are about a gateway: its handlers,
// the messages on their way to them, and the connections that these come by. All
// others are the API half, which knows of pushes, rooms and who is connected.
var gatewayHalf = strings.Fields(`
	admission call cancel chain check claims codec compose configure conn connect credit declared detach dispatch door_gateway
	drain endpoint fuzz generated generated_v1 generated_v2 goaway guardcontext handshake hook http2 interim lifecycle limit lone metatext named
	passage protocol_v1 questions refresh refusal resume router run serve session slow stream task timeout turn
`)

// TestAPIHalfAlone checks that the types of the API half of package ws fit without the
// gateway half. The compiler keeps packages apart, but not two halves of one.
func TestAPIHalfAlone(t *testing.T) {
	t.Parallel()
	all := loaded(t)
	i := slices.IndexFunc(all, func(p *packages.Package) bool { return p.PkgPath == modulePath+"/runtime" })
	if i < 0 {
		t.Fatal("package ws is not there")
	}
	ws := all[i]
	var api []*ast.File
	gone := map[string]bool{}
	for _, name := range gatewayHalf {
		gone[name] = true
	}
	for _, file := range ws.Syntax {
		name := strings.TrimSuffix(filepath.Base(ws.Fset.Position(file.Package).Filename), ".go")
		if slices.Contains(gatewayHalf, name) {
			delete(gone, name)
		} else {
			api = append(api, file)
		}
	}
	for name := range gone {
		t.Errorf("runtime/%s.go, of the gateway half, is not there", name)
	}
	alone := types.Config{
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if p := ws.Imports[path]; p != nil {
				return p.Types, nil
			}
			return nil, fmt.Errorf("%s is not imported", path)
		}),
		Error: func(err error) {
			t.Errorf("the API half does not stand alone: %v\nmove what it uses of the gateway half into it, or have the gateway half say it (the interface owner in client.go)", err)
		},
	}
	_, _ = alone.Check(ws.PkgPath, ws.Fset, api, nil) // Error has told
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// arrows are, for each file of a package, the others that declare what it uses.
func arrows(p *packages.Package) map[string][]string {
	from := map[string][]string{}
	for _, file := range p.Syntax {
		if ast.IsGenerated(file) {
			continue
		}
		name := filepath.Base(p.Fset.Position(file.Package).Filename)
		to := map[string]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if obj := p.TypesInfo.Uses[id]; obj != nil && obj.Pkg() == p.Types && ofPackage(obj) {
				to[filepath.Base(p.Fset.Position(obj.Pos()).Filename)] = true
			}
			return true
		})
		delete(to, name)
		from[name] = nil
		for other := range to {
			from[name] = append(from[name], other)
		}
	}
	return from
}

// ofPackage tells a name, field or method of a package from one inside a function.
func ofPackage(obj types.Object) bool {
	switch obj := obj.(type) {
	case *types.Func:
		return true
	case *types.Var:
		return obj.IsField() || obj.Parent() == obj.Pkg().Scope()
	}
	return obj.Parent() == obj.Pkg().Scope()
}

// largestKnot are the most files that all reach each other.
func largestKnot(arrows map[string][]string) (largest []string) {
	reach := map[string]map[string]bool{}
	for file := range arrows {
		reach[file] = map[string]bool{}
		for waiting := []string{file}; len(waiting) > 0; waiting = waiting[1:] {
			for _, to := range arrows[waiting[0]] {
				if !reach[file][to] {
					reach[file][to] = true
					waiting = append(waiting, to)
				}
			}
		}
	}
	for file := range arrows {
		knot := []string{file}
		for other := range reach[file] {
			if other != file && reach[other][file] {
				knot = append(knot, other)
			}
		}
		if len(knot) > len(largest) {
			largest = knot
		}
	}
	slices.Sort(largest)
	return largest
}

// TestLargestKnot checks that a knot has the files that reach themselves over
// others, and no more.
func TestLargestKnot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arrows map[string][]string
		want   []string
	}{
		"in order":      {map[string][]string{"a": {"b", "c"}, "b": {"c"}, "c": nil}, []string{"?"}},
		"two":           {map[string][]string{"a": {"b"}, "b": {"a", "c"}, "c": nil}, []string{"a", "b"}},
		"a ring":        {map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, []string{"a", "b", "c"}},
		"two of a size": {map[string][]string{"a": {"b"}, "b": {"a"}, "c": {"d", "a"}, "d": {"e"}, "e": {"c"}}, []string{"c", "d", "e"}},
	} {
		got := largestKnot(c.arrows)
		if c.want[0] == "?" && len(got) == 1 {
			continue
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
