package source

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/version"
	"io"
	"path/filepath"
	"strings"
)

// Constrained says why f, which was read from path, is not in every build of
// its package, whether it is in this one or not; "" if it is in every one. The
// header of the file with its comments is enough.
func (m Module) Constrained(f *ast.File, path string) string {
	for _, g := range f.Comments {
		if g.Pos() > f.Package {
			break
		}
		for _, c := range g.List {
			if expr, err := constraint.Parse(c.Text); err == nil && !m.always(expr) {
				return "a file with a build constraint"
			}
		}
	}
	name := filepath.Base(path)
	if !strings.Contains(name, "_") && name[0] != '.' {
		return "" // such a name asks for no system
	}
	// It is the context of no system, so every name that asks for one is left out.
	none := build.Context{GOOS: "none", GOARCH: "none", Compiler: "gc", OpenFile: func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("package p\n")), nil
	}}
	if ok, err := none.MatchFile(filepath.Dir(path), name); err == nil && !ok {
		return "a file whose name is a build constraint"
	}
	return ""
}

// always reports whether a constraint asks for nothing but a version of Go,
// which go.mod asks for as well.
func (m Module) always(expr constraint.Expr) bool {
	versions := true
	in := expr.Eval(func(tag string) bool {
		versions = versions && strings.HasPrefix(tag, "go1.") && (m.Go == "" || version.Compare(tag, "go"+m.Go) <= 0)
		return true
	})
	return in && versions
}
