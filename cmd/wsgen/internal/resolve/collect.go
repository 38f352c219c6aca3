package resolve

import (
	"cmp"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// collect reads the directives of one package and indexes them by what they
// stand above.
func (r *resolver) collect(sp *source.Package) {
	p := &pkg{
		src: sp, model: &model.Package{Path: sp.Path, Name: sp.Name, GoPackage: model.GoPackage{Dir: sp.Dir}}, errors: typeErrorsOf(sp.Errors),
		funcs:  map[*types.Func]*ast.FuncDecl{},
		onType: map[*types.TypeName][]*directive.Directive{},
		onFunc: map[*types.Func][]*directive.Directive{},
	}
	for _, f := range slices.Concat(sp.Others, r.constrained(sp.Files)) {
		code, why, help := diag.UnreadFile, "a test file", "move it to a file without _test.go"
		if name := r.fileName(f); !strings.HasSuffix(name, "_test.go") {
			code, why, help = diag.ConstrainedFile, cmp.Or(r.src.Module.Constrained(f, name), "a file that this build leaves out"), "move it to a file without build constraint: a gateway is the same on every platform"
		}
		r.problems(directive.Outside(f, code, why, help))
	}
	for _, f := range sp.Files {
		found, problems := directive.File(f, r.src.Fset, r.table)
		if r.src.Module.Constrained(f, r.fileName(f)) != "" {
			// That the file is not read has been said of each, in whatever way it is
			// written: so it is said wherever wsgen runs.
			problems = slices.DeleteFunc(problems, func(p directive.Problem) bool { return p.Code == diag.NearMiss })
		}
		r.problems(problems)
		p.all = append(p.all, found...)
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				if obj, ok := sp.Info.Defs[fn.Name].(*types.Func); ok {
					p.funcs[obj] = fn
				}
			}
		}
	}
	p.all = slices.DeleteFunc(p.all, r.nameless)
	if len(p.all) == 0 {
		return
	}
	if sp.Name == "_" {
		r.report(diag.BlankName, p.all[0].Site.File.Name, "the package is called _: Go has no such package", "give it a name")
		return
	}
	p.model.Scope, p.model.TestScope = sp.Names, slices.Sorted(maps.Keys(sp.TestNames))
	for _, d := range p.all {
		r.index(p, d)
	}
	r.pkgs = append(r.pkgs, p)
	r.byPath[sp.Path] = p
}

// constrained are the files that this build has, and another may not: what is
// generated must not depend on where wsgen runs.
func (r *resolver) constrained(files []*ast.File) []*ast.File {
	return slices.DeleteFunc(slices.Clone(files), func(f *ast.File) bool {
		return r.src.Module.Constrained(f, r.fileName(f)) == ""
	})
}

// fileName is the name of a file on disk, whatever a //line comment says.
func (r *resolver) fileName(f *ast.File) string { return r.src.Fset.File(f.FileStart).Name() }

// nameless reports a directive on what cannot be named, so nothing could be
// generated for it.
func (r *resolver) nameless(d *directive.Directive) bool {
	var name *ast.Ident
	switch d.Site.Place {
	case directive.Type:
		name = d.Site.Type.Name
	case directive.Method:
		name = d.Site.Func.Name
	case directive.InterfaceMethod:
		name = d.Site.Field.Names[0]
	case directive.PackageClause:
		name = d.Site.File.Name
	}
	if name.Name != "_" {
		return false
	}
	r.report(diag.BlankName, name, "//ws:"+d.Name+" has no effect: what it stands above is called _, and has no name", "give it a name")
	return true
}

// index notes what a directive stands above. A declaration without an object is
// passed over: the name has another declaration.
func (r *resolver) index(p *pkg, d *directive.Directive) {
	defs := p.src.Info.Defs
	switch d.Site.Place {
	case directive.Type:
		if obj, ok := defs[d.Site.Type.Name].(*types.TypeName); ok {
			p.onType[obj] = append(p.onType[obj], d)
		} else {
			r.need(d.Site.Type)
		}
	case directive.Method:
		if obj, ok := defs[d.Site.Func.Name].(*types.Func); ok {
			p.onFunc[obj] = append(p.onFunc[obj], d)
		}
		r.need(d.Site.Func.Name) // a second one of that name is in no method set
	case directive.InterfaceMethod:
		if obj, ok := defs[d.Site.Field.Names[0]].(*types.Func); ok {
			p.onFunc[obj] = append(p.onFunc[obj], d)
		}
	case directive.PackageClause:
		p.onClause = append(p.onClause, d)
	}
}
