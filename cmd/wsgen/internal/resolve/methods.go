package resolve

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// methods returns the annotated methods of g: its own in source order, then
// promoted ones by package and source order.
func (r *resolver) methods(g *gateway) []*bound {
	var all []*bound
	set := types.NewMethodSet(types.NewPointer(g.obj.Type()))
	for sel := range set.Methods() {
		fn := sel.Obj().(*types.Func).Origin()
		m := &bound{fn: fn, sig: sel.Type().(*types.Signature)}
		if fn.Pkg() == nil {
			continue // the method of an embedded error
		}
		if home := r.byPath[fn.Pkg().Path()]; home != nil {
			m.decl, m.ds = home.funcs[fn], home.onFunc[fn]
		} else {
			m.decl, m.ds = r.foreign(fn)
		}
		if m.decl == nil || len(m.ds) == 0 {
			continue
		}
		m.scope = scope{r.whole(fn.Pkg()), m.ds[0].Site.File}
		if !fn.Exported() && fn.Pkg() != g.obj.Pkg() {
			r.report(diag.Unreachable, nameSpan(g.obj),
				fmt.Sprintf("%s embeds the handler %s, which is unexported in package %s", g.obj.Name(), fn.Name(), fn.Pkg().Name()),
				"export the method", r.related(m.name(), fn.Name()+" is declared here"))
			continue
		}
		all = append(all, m)
		m.under = r.layers(g, sel)
		g.rests(sel)
	}
	slices.SortFunc(all, func(a, b *bound) int { return r.order(g, a, b) })
	return all
}

// rests notes the embedded pointers that an annotated method is promoted
// through, as far as the package of g may name them.
func (g *gateway) rests(method *types.Selection) {
	for _, e := range promotedThrough(g.obj.Type(), method) {
		if !e.field.Exported() && e.field.Pkg() != g.obj.Pkg() {
			return
		}
		if !slices.Contains(g.model.Through, e.selector) {
			g.model.Through = append(g.model.Through, e.selector)
		}
	}
}

// ambiguous reports annotated methods that g loses because it embeds two of the
// same name.
func (r *resolver) ambiguous(g *gateway) {
	from := map[string]bool{} // packages of what g has methods of
	for obj := range g.embeds {
		if obj.Pkg() != nil {
			from[obj.Pkg().Path()] = true
		}
	}
	for _, p := range r.pkgs {
		if !from[p.src.Path] {
			continue
		}
		for _, fn := range p.inOrder() {
			recv := fn.Signature().Recv()
			if recv == nil || !g.embeds[gotype.Named(gotype.Deref(recv.Type()))] {
				continue
			}
			obj, index, _ := types.LookupFieldOrMethod(types.NewPointer(g.obj.Type()), false, g.obj.Pkg(), fn.Name())
			if hiding, ok := obj.(*types.Func); ok && hiding.Origin() != fn && r.marks(hiding) == 0 && len(index) == 1 {
				r.warn(diag.HiddenHandler, nameSpan(hiding), fmt.Sprintf("%s hides %s.%s, whose directive is lost: %s does not handle it", hiding.Name(), gotype.Named(gotype.Deref(recv.Type())).Name(), fn.Name(), g.obj.Name()),
					"repeat the directive above this method, or rename the method", r.related(nameSpan(fn), "the method that is hidden"))
			}
			if field, ok := obj.(*types.Var); ok {
				r.warn(diag.HiddenHandler, nameSpan(field), fmt.Sprintf("the field %s hides the method %s.%s, whose directive is lost: %s does not handle it", field.Name(), gotype.Named(gotype.Deref(recv.Type())).Name(), fn.Name(), g.obj.Name()),
					"rename the method", r.related(nameSpan(fn), "the method that is hidden"))
			}
			if obj == nil && len(index) > 0 {
				r.report(diag.AmbiguousMethod, nameSpan(g.obj), fmt.Sprintf("%s embeds two types with a method %s, so it has neither", g.obj.Name(), fn.Name()),
					"declare the method on "+g.obj.Name()+" itself, or rename one", r.related(nameSpan(fn), "one of them"))
			}
		}
	}
}

// marks is how many directives stand above a method of an annotated package.
func (r *resolver) marks(fn *types.Func) int {
	if home := r.byPath[fn.Pkg().Path()]; home != nil {
		return len(home.onFunc[fn.Origin()])
	}
	return 0
}

func (r *resolver) order(g *gateway, a, b *bound) int {
	own := func(m *bound) int {
		if m.fn.Pkg() == g.obj.Pkg() {
			return 0
		}
		return 1
	}
	pa, pb := r.position(a.name().Pos()), r.position(b.name().Pos())
	return cmp.Or(
		cmp.Compare(own(a), own(b)), cmp.Compare(a.fn.Pkg().Path(), b.fn.Pkg().Path()),
		cmp.Compare(pa.Filename, pb.Filename), cmp.Compare(pa.Offset, pb.Offset),
	)
}

// foreign finds a method's declaration and directives in a package of which we
// only have export data.
func (r *resolver) foreign(fn *types.Func) (*ast.FuncDecl, []*directive.Directive) {
	recv := receiverOf(fn)
	if recv == nil {
		return nil, nil
	}
	var (
		decl *ast.FuncDecl
		ds   []*directive.Directive
	)
	for _, f := range r.src.Syntax(fn.Pkg().Path()) {
		found, _ := directive.File(f, r.src.Fset, r.table)
		for _, d := range found {
			if d.Site.Place == directive.Method && d.Site.Func.Name.Name == fn.Name() && receiver(d.Site.Func) == recv.Name() {
				decl, ds = d.Site.Func, append(ds, d)
			}
		}
	}
	return decl, ds
}
