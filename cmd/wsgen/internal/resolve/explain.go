package resolve

import (
	"go/ast"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

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

// foreignC reports types of C in s: wsgen reads and writes Go without a C
// compiler.
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
