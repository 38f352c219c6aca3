package resolve

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// need is syntax that the model rests on. A type error in it is reported; all
// others are left to the compiler, since many of them are names that only
// exist once wsgen has run.
type need struct {
	span
	unknown bool // a type in it is not known, so there must be a diagnostic
	owner   *source.Package
}

func (r *resolver) need(s span)    { r.needed = append(r.needed, need{s, false, r.owner}) }
func (r *resolver) unknown(s span) { r.needed = append(r.needed, need{s, true, r.owner}) }

// needArg is for a name in a directive whose declaration has an error.
func (r *resolver) needArg(arg span, obj *types.TypeName) {
	if spec := r.typeSpec(obj); spec != nil {
		r.unknown(spec)
		return
	}
	r.report(diag.TypeError, arg, "Go cannot tell what "+obj.Name()+" is", "")
}

func (r *resolver) needSignature(m *bound) { r.need(m.decl.Type) }

// needType needs the declarations of the annotated packages that t rests on.
func (r *resolver) needType(t types.Type) { r.follow(t, r.trail()) }

func (r *resolver) follow(t types.Type, w *trail) {
	if !w.in(t) {
		return
	}
	defer w.out(t)
	switch t := t.(type) {
	case *types.Alias:
		r.needDecl(t.Obj())
		r.follow(t.Rhs(), w)
	case *types.Named:
		if r.needDecl(t.Obj()) {
			r.follow(t.Underlying(), w)
		}
		for a := range t.TypeArgs().Types() {
			r.follow(a, w)
		}
	case *types.Pointer:
		r.follow(t.Elem(), w)
	case *types.Slice:
		r.follow(t.Elem(), w)
	case *types.Array:
		r.follow(t.Elem(), w)
	case *types.Map:
		r.follow(t.Key(), w)
		r.follow(t.Elem(), w)
	case *types.Struct:
		for f := range t.Fields() {
			r.follow(f.Type(), w)
		}
	}
}

func (r *resolver) needDecl(obj *types.TypeName) bool {
	spec := r.typeSpec(obj)
	if spec != nil {
		r.need(spec)
	}
	return spec != nil
}

// typeSpec is the declaration of a type of an annotated package.
func (r *resolver) typeSpec(obj *types.TypeName) *ast.TypeSpec {
	if obj.Pkg() == nil {
		return nil
	}
	p := r.byPath[obj.Pkg().Path()]
	if p == nil {
		return nil
	}
	for _, f := range p.src.Files {
		if obj.Pos() < f.FileStart || obj.Pos() > f.FileEnd {
			continue
		}
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, s := range gen.Specs {
				if spec := s.(*ast.TypeSpec); spec.Name.Pos() == obj.Pos() {
					return spec
				}
			}
		}
	}
	return nil
}

// broken reports whether s has a type error of the user's own.
func (r *resolver) broken(s span) bool {
	for _, p := range r.pkgs {
		for _, e := range p.src.Errors {
			if inside(e.Pos, s) && !r.ours(p, e) {
				return true
			}
		}
	}
	return false
}

func inside(p token.Pos, s span) bool { return s.Pos() <= p && p < s.End() }

// typeErrors reports the type errors of the syntax that the model rests on.
func (r *resolver) typeErrors() {
	for _, p := range r.pkgs {
		for _, e := range p.src.Errors {
			for _, n := range r.needed {
				if inside(e.Pos, n) && !r.ours(p, e) {
					r.owner = n.owner
					r.typeError(p, e)
				}
			}
		}
	}
	for _, n := range r.needed {
		if n.unknown {
			r.owner = n.owner
			r.explain(n)
		}
	}
}

// cycle reports a generic type without end.
func (r *resolver) cycle(e types.Error) {
	r.report(diag.TypeError, at{e.Pos, e.Pos}, e.Msg, "let it hold itself with the same type arguments")
}

func (r *resolver) typeError(p *pkg, e types.Error) {
	code, message, help := diag.TypeError, e.Msg, ""
	if m, cure, ok := strings.Cut(message, "; to add it:"); ok {
		code, message, help = diag.MissingModule, m+")", "run: "+strings.TrimSuffix(strings.TrimSpace(cure), ")")
	}
	if name, ok := strings.CutPrefix(message, "undefined: "); ok && help == "" {
		help = r.spelling(p, fileAt(p.src, e.Pos), name)
	}
	end := e.Pos
	if id := identAt(p, e.Pos); id != nil {
		end = id.End()
	} else if file := fileAt(p.src, e.Pos); file != nil {
		for _, s := range file.Imports {
			if inside(e.Pos, s) {
				end = s.End()
			}
		}
	}
	r.report(code, at{e.Pos, end}, message, help)
}

// spelling is the help for a type that does not exist: the one that it was
// probably meant to be.
func (r *resolver) spelling(p *pkg, file *ast.File, name string) string {
	in, prefix, word := p.src.Types, "", name
	if qualifier, rest, ok := strings.Cut(name, "."); ok && file != nil {
		if in = r.imported(file, qualifier); in == nil {
			return "import the package that declares it"
		}
		prefix, word = qualifier+".", rest
	}
	var candidates []string
	for _, n := range in.Scope().Names() {
		if isType(in.Scope().Lookup(n)) && (prefix == "" || ast.IsExported(n)) {
			candidates = append(candidates, n)
		}
	}
	if prefix == "" {
		candidates = append(candidates, types.Universe.Names()...)
	}
	if near := directive.Closest(word, candidates); near != "" {
		return "did you mean " + prefix + near + "?"
	}
	return "declare it, or write pkg." + strings.TrimPrefix(word, ".") + " and import the package"
}

// explain finds the cause of a type that is not known: an error inside, or in
// what it names, or in the imports of its file, or a name that only exists once
// wsgen has run.
func (r *resolver) explain(n need) {
	for _, p := range r.pkgs {
		file := fileAt(p.src, n.Pos())
		if file == nil {
			continue
		}
		found, later := false, false
		for _, c := range r.causes(p, n, map[*types.TypeName]bool{}) {
			found = true
			if r.ours(c.pkg, c.err) {
				later = true
			} else {
				r.typeError(c.pkg, c.err)
			}
		}
		if later {
			r.report(diag.GeneratedType, n, "this type is one that wsgen declares, and does not exist while wsgen reads the package",
				"use a type that you declare")
		}
		for _, e := range p.src.Errors {
			if !found && importAt(file, e.Pos) {
				r.typeError(p, e)
				found = true
			}
		}
		if !found {
			r.report(diag.TypeError, n, "Go cannot tell what this type is", "the package has type errors: see what go vet says")
		}
	}
}

// cause is a type error, and the package that it is in.
type cause struct {
	pkg *pkg
	err types.Error
}

// causes are the type errors inside s, and in the declarations of the types
// that s names.
func (r *resolver) causes(p *pkg, s span, seen map[*types.TypeName]bool) (all []cause) {
	for _, e := range p.src.Errors {
		if inside(e.Pos, s) {
			all = append(all, cause{p, e})
		}
	}
	for id, obj := range p.src.Info.Uses {
		named, ok := obj.(*types.TypeName)
		if !ok || named.Pkg() == nil || seen[named] || !inside(id.Pos(), s) {
			continue
		}
		seen[named] = true
		if spec := r.typeSpec(named); spec != nil {
			all = append(all, r.causes(r.byPath[named.Pkg().Path()], spec, seen)...)
		}
	}
	return all
}

// ours reports whether an error is an undefined name that wsgen will declare.
func (r *resolver) ours(p *pkg, e types.Error) bool {
	id := identAt(p, e.Pos)
	if id == nil {
		return false
	}
	home := p
	file := fileAt(p.src, e.Pos)
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel == id {
			if x, ok := sel.X.(*ast.Ident); ok {
				home = nil
				if pn, ok := p.src.Info.Uses[x].(*types.PkgName); ok {
					home = r.byPath[pn.Imported().Path()]
				}
			}
		}
		return true
	})
	if home == nil {
		return false
	}
	if id.Name == "WireSet" {
		return true
	}
	if _, ok := r.generated(home)[id.Name]; ok {
		return true
	}
	return home == p && r.dotted(file, id.Name)
}

// dotted reports whether file imports with a dot a package in which wsgen will
// declare name.
func (r *resolver) dotted(file *ast.File, name string) bool {
	return slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool {
		path, err := strconv.Unquote(s.Path.Value)
		if err != nil || s.Name == nil || s.Name.Name != "." || r.byPath[path] == nil {
			return false
		}
		_, ok := r.generated(r.byPath[path])[name]
		return ok
	})
}

func fileAt(p *source.Package, pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}

// identAt is the identifier that begins at pos, in a selector the last one.
func identAt(p *pkg, pos token.Pos) *ast.Ident {
	var found *ast.Ident
	if f := fileAt(p.src, pos); f != nil {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if n.Sel.Pos() == pos {
					found = n.Sel
				}
			case *ast.Ident:
				if n.Pos() == pos {
					found = n
				}
			}
			return found == nil
		})
	}
	return found
}

func importAt(f *ast.File, pos token.Pos) bool {
	return slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return inside(pos, s) })
}
