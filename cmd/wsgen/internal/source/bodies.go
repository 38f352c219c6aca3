package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"slices"
)

// Bodies are functions of one package, and the types of the expressions in them.
type Bodies struct {
	Funcs []*ast.FuncDecl
	Info  *types.Info // Defs, Uses, Types, Selections
}

// Bodies type-checks functions, which Load leaves out: those that want chooses,
// in the annotated packages and in every other folder of the module with a file
// whose text may have one. Tests are left out. A name of a package that was not
// loaded, such as one of another module that nothing annotated imports, has no
// type. The check goes on behind it.
func (p *Program) Bodies(may func(text []byte) bool, want func(*ast.FuncDecl) bool) []Bodies {
	p.deps.local = p.unloaded
	annotated := map[string]bool{}
	var all []Bodies
	add := func(u *unit) {
		if p.deps.ctx != nil && p.deps.ctx.Err() != nil {
			return
		}
		if b, ok := p.bodies(u, want); ok {
			all = append(all, b)
		}
	}
	for _, pkg := range p.Packages {
		annotated[pkg.Dir] = true
		add(&unit{path: pkg.Path, goVersion: p.Module.Go, files: pkg.Files})
	}
	for _, dir := range slices.Sorted(maps.Keys(p.folders)) {
		if annotated[dir] || !within(p.Module.Dir, dir) || !slices.ContainsFunc(p.folders[dir].files, func(path string) bool {
			text, err := os.ReadFile(path)
			return err == nil && may(text)
		}) {
			continue
		}
		add(p.unitIn(dir))
	}
	return all
}

// bodies checks the functions of u that are wanted, all others as if they were
// empty.
func (p *Program) bodies(u *unit, want func(*ast.FuncDecl) bool) (Bodies, bool) {
	b := Bodies{Info: &types.Info{
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Types:      map[ast.Expr]types.TypeAndValue{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	files := make([]*ast.File, len(u.files))
	for i, f := range u.files {
		file := *f
		file.Decls = slices.Clone(f.Decls)
		for j, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			switch {
			case !ok || fn.Body == nil:
			case want(fn):
				b.Funcs = append(b.Funcs, fn)
			default:
				empty := *fn
				empty.Body = &ast.BlockStmt{Lbrace: fn.Body.Lbrace, Rbrace: fn.Body.Rbrace}
				file.Decls[j] = &empty
			}
		}
		files[i] = &file
	}
	if len(b.Funcs) == 0 {
		return b, false
	}
	conf := p.deps.config(u)
	conf.IgnoreFuncBodies = false
	conf.Error = func(error) {} // the go command reports type errors
	_, _ = conf.Check(u.path, p.Fset, files, b.Info)
	return b, true
}

// unloaded is a package of this module that nothing annotated imports; nil if
// there is none.
func (p *Program) unloaded(path string) *unit {
	if dir, ok := p.Module.folder(path); ok && p.folders[dir] != nil {
		return p.unitIn(dir)
	}
	return nil
}

// unitIn is the package of a folder that has no directive.
func (p *Program) unitIn(dir string) *unit {
	f := p.folders[dir]
	u := &unit{path: p.Module.importPath(dir), goVersion: p.Module.Go}
	in := p.belongs(f, nil)
	for _, path := range f.files {
		if !in(path) {
			continue
		}
		if f, _ := parser.ParseFile(p.Fset, path, nil, parser.SkipObjectResolution); f != nil && f.Name.Pos() != token.NoPos {
			u.files = append(u.files, f)
		}
	}
	return u
}
