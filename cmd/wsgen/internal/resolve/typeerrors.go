package resolve

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
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

func (r *resolver) follow(t types.Type, w *gotype.Trail) {
	if !w.In(t) {
		return
	}
	defer w.Out(t)
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

// typeError is one mistake as Go tells it: in several parts, where a second
// declaration of a name or a circle of types has to do with it.
type typeError struct {
	types.Error
	more []types.Error
}

// inside reports whether any part of e is in s: the first one may lie in a
// declaration that nobody else looks at.
func (e typeError) inside(s span) bool {
	return inside(e.Pos, s) || slices.ContainsFunc(e.more, func(m types.Error) bool { return inside(m.Pos, s) })
}

// typeErrorsOf puts together what Go says in parts: all but the first begin
// with a tab.
func typeErrorsOf(errs []types.Error) []typeError {
	var all []typeError
	for _, e := range errs {
		if strings.HasPrefix(e.Msg, "\t") && len(all) > 0 {
			last := &all[len(all)-1]
			last.more = append(last.more, e)
		} else {
			all = append(all, typeError{Error: e})
		}
	}
	return all
}

// broken reports whether s has a type error of the user's own.
func (r *resolver) broken(s span) bool {
	for _, p := range r.pkgs {
		for _, e := range p.errors {
			if e.inside(s) && !r.ours(p, e) {
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
		for _, e := range p.errors {
			for _, n := range r.needed {
				if e.inside(n) && !r.ours(p, e) {
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
	r.tellMissing()
}

// cycle reports a generic type without end.
func (r *resolver) cycle(e types.Error) {
	r.report(diag.TypeError, at{e.Pos, e.Pos}, e.Msg, "let it hold itself with the same type arguments")
}

func (r *resolver) typeError(p *pkg, e typeError) {
	file := fileAt(p.src, e.Pos)
	where := at{e.Pos, e.Pos}
	if id := identAt(p, e.Pos); id != nil {
		where.end = id.End()
	} else if file != nil {
		for _, s := range file.Imports {
			if !inside(e.Pos, s) {
				continue
			}
			if r.noFolder(s) {
				return
			}
			where = at{s.Path.Pos(), s.Path.End()}
		}
	}
	if name, ok := undeclared(e.Msg); ok {
		if broken := p.brokenImports(file); len(broken) > 0 && qualifies(file, e.Pos) {
			for _, e := range broken { // one of them has a package that is called so
				r.typeError(p, e)
			}
			return
		}
		r.undefined(p, file, where, name)
		return
	}
	if p.declaredTwice(e) {
		r.twice(p, where, e)
		return
	}
	code, message, help := r.complaint(e.Msg)
	if code == diag.MissingModule {
		r.reportOnce(code, message, where, message, help)
		return
	}
	var related []diag.Related
	for _, m := range e.more {
		related = append(related, r.related(at{m.Pos, m.Pos}, strings.TrimSpace(m.Msg)))
	}
	r.report(code, where, message, help, related...)
}

// undeclared is the name in an error of Go's that says that it is not declared.
func undeclared(said string) (name string, ok bool) {
	if name, ok = strings.CutPrefix(said, "undefined: "); ok {
		return name, true
	}
	if name, ok = strings.CutPrefix(said, "undefined array length "); ok {
		name, _, _ = strings.Cut(name, " ")
	}
	return name, ok
}

// brokenImports are the errors in the import lines of a file.
func (p *pkg) brokenImports(file *ast.File) []typeError {
	return slices.DeleteFunc(slices.Clone(p.errors), func(e typeError) bool { return file == nil || !importAt(file, e.Pos) })
}

// qualifies reports whether the name at pos is that of a package: dto in dto.Text.
func qualifies(file *ast.File, pos token.Pos) bool {
	sel, ok := above[*ast.SelectorExpr](enclosing(file, pos))
	return ok && sel.X.Pos() == pos
}

// declaredTwice reports whether e is about a name with two declarations.
func (p *pkg) declaredTwice(e typeError) bool {
	return slices.ContainsFunc(e.more, func(m types.Error) bool { return strings.HasPrefix(m.Msg, "\tother declaration of ") }) ||
		strings.HasPrefix(e.Msg, "method ") && strings.Contains(e.Msg, " already declared")
}

// twice reports a name with two declarations, the other one beside it.
func (r *resolver) twice(p *pkg, where span, e typeError) {
	message, _, _ := strings.Cut(e.Msg, " already declared at ")
	if message != e.Msg {
		message += " already declared"
	}
	var related []diag.Related
	for _, m := range e.more {
		related = append(related, r.related(at{m.Pos, m.Pos}, "the other declaration"))
	}
	if other := p.otherMethod(e.Pos); other != nil && len(related) == 0 {
		related = append(related, r.related(other.Name, "the other declaration"))
	}
	r.report(diag.DeclaredTwice, where, message, "rename one of them, or remove it", related...)
}

// otherMethod is the method of the same type that is called like the one at
// pos, or nil.
func (p *pkg) otherMethod(pos token.Pos) *ast.FuncDecl {
	var methods []*ast.FuncDecl
	for _, f := range p.src.Files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && len(fn.Recv.List) > 0 {
				methods = append(methods, fn)
			}
		}
	}
	for _, m := range methods {
		if m.Name.Pos() != pos {
			continue
		}
		for _, other := range methods {
			if other != m && other.Name.Name == m.Name.Name && receiver(other) == receiver(m) {
				return other
			}
		}
	}
	return nil
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
		found, later := r.foreignC(file, n), false
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
		for _, e := range p.errors {
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

// foreignC reports types of C in s: Go code that wsgen generates is read and
// written without a C compiler.
func (r *resolver) foreignC(file *ast.File, s span) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !inside(sel.Pos(), s) {
			return n != nil && n.Pos() < s.End() && s.Pos() < n.End()
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "C" {
			found = true
			r.report(diag.CType, sel, "C."+sel.Sel.Name+" is a type of C's, and data is of Go's", "take a type of Go, and convert it where C is called")
		}
		return true
	})
	return found
}

// cause is a type error, and the package that it is in.
type cause struct {
	pkg *pkg
	err typeError
}

// causes are the type errors inside s, and in the declarations of the types
// that s names.
func (r *resolver) causes(p *pkg, s span, seen map[*types.TypeName]bool) (all []cause) {
	for _, e := range p.errors {
		if e.inside(s) {
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
func (r *resolver) ours(p *pkg, e typeError) bool {
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
