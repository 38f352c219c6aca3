package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
)

// declared lists, sorted, the identifiers that c declares at package level in
// package name: in any build, so that it does not matter where wsgen runs.
func (c *candidate) declared(name string) []string {
	names := map[string]token.Pos{}
	for _, f := range c.files {
		collectNames(names, f.file, name)
	}
	return slices.Sorted(maps.Keys(names))
}

// tested returns those that its tests declare in the same package, and where.
func (c *candidate) tested(fset *token.FileSet, name string) map[string]token.Pos {
	names := map[string]token.Pos{}
	for _, path := range c.allTests {
		f, _ := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		collectNames(names, f, name)
	}
	return names
}

func collectNames(names map[string]token.Pos, f *ast.File, pkg string) {
	if f == nil || f.Name.Name != pkg {
		return
	}
	add := func(id *ast.Ident) {
		if id.Name != "_" && id.Name != "init" {
			names[id.Name] = id.Pos()
		}
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						add(id)
					}
				}
			}
		}
	}
}
