package resolve

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// bound is an annotated method of a gateway, its own or promoted.
type bound struct {
	fn    *types.Func      // as declared
	sig   *types.Signature // as the gateway has it, type arguments filled in
	decl  *ast.FuncDecl
	ds    []*directive.Directive
	scope scope    // of the names in ds
	under []*layer // the gateways that g has it from, outermost first
}

func (m *bound) name() span { return m.decl.Name }

// marked returns the directive name of m, or nil.
func (m *bound) marked(name string) *directive.Directive {
	for _, d := range m.ds {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// param returns where the i-th parameter's name and type stand.
func (m *bound) param(i int) (name, typ span) { return fieldAt(m.decl.Type.Params, i) }

// result returns where the i-th result's type stands.
func (m *bound) result(i int) span {
	_, typ := fieldAt(m.decl.Type.Results, i)
	return typ
}

func fieldAt(list *ast.FieldList, i int) (name, typ span) {
	for _, f := range list.List {
		if len(f.Names) == 0 {
			if i == 0 {
				return f.Type, f.Type
			}
			i--
			continue
		}
		if i < len(f.Names) {
			return f.Names[i], f.Type
		}
		i -= len(f.Names)
	}
	return list, list
}

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
		found, _ := directive.File(f, r.src.Fset)
		for _, d := range found {
			if d.Site.Place == directive.Method && d.Site.Func.Name.Name == fn.Name() && receiver(d.Site.Func) == recv.Name() {
				decl, ds = d.Site.Func, append(ds, d)
			}
		}
	}
	return decl, ds
}

// receiverOf is the type that fn is a method of, or nil: Go lets a broken
// program have methods without one.
func receiverOf(fn *types.Func) *types.TypeName {
	recv := fn.Signature().Recv()
	if recv == nil {
		return nil
	}
	return gotype.Named(gotype.Deref(recv.Type()))
}

// receiver is the name of a method's receiver type.
func receiver(fn *ast.FuncDecl) string {
	if id := typeName(fn.Recv.List[0].Type); id != nil {
		return id.Name
	}
	return ""
}

// whole returns pkg with its whole scope, which a package that others import
// indirectly does not have.
func (r *resolver) whole(pkg *types.Package) *types.Package {
	if full, err := r.src.Import(pkg.Path()); err == nil && full != nil {
		return full
	}
	return pkg
}

func nameSpan(obj types.Object) span {
	return at{obj.Pos(), obj.Pos() + token.Pos(len(obj.Name()))}
}

// unclaimed reports directives on methods that are no gateway's, and those that
// lack the directive they belong beside.
func (r *resolver) unclaimed(p *pkg) {
	for _, fn := range p.inOrder() {
		ds := p.onFunc[fn]
		if ds[0].Site.Place != directive.Method {
			continue
		}
		r.unclaimedMethod(p, fn, ds)
	}
	for obj, ds := range p.onType {
		for _, d := range ds {
			if (d.Name == "guard" || d.Name == "public") && !p.has(obj, "gateway") {
				r.report(diag.NotAHandler, head(d), "//ws:"+d.Name+" has no effect: "+obj.Name()+" is no gateway", diag.Paste("mark it", "//ws:gateway /path"))
			}
		}
	}
	for _, d := range p.onClause {
		if d.Name == "guard" && p.app == nil {
			r.report(diag.NotAHandler, head(d), "//ws:guard has no effect: package "+p.src.Name+" is no application", diag.Paste("mark it", "//ws:app"))
		}
	}
}

func (r *resolver) unclaimedMethod(p *pkg, fn *types.Func, ds []*directive.Directive) {
	recv := receiverOf(fn)
	if recv == nil { // there is none, or its type does not exist
		if decl := p.funcs[fn]; decl != nil {
			r.need(decl.Recv)
		}
		return
	}
	subscribed, hook := false, false
	for _, d := range ds {
		subscribed = subscribed || d.Name == "subscribe"
		hook = hook || d.Name == "connect" || d.Name == "disconnect" || d.Name == "configure"
	}
	for _, d := range ds {
		switch {
		case !r.embedded[recv] && d.Name != "guard" && d.Name != "public" && r.forOthers(p, recv):
		case !r.embedded[recv] && d.Name != "guard" && d.Name != "public":
			r.report(diag.NotAGateway, head(d), fmt.Sprintf("//ws:%s has no effect: %s is no gateway", d.Name, recv.Name()),
				diag.Paste("mark the type", "//ws:gateway /path"), r.related(nameSpan(recv), recv.Name()+" is declared here"))
		case !subscribed && (d.Name == "guard" || d.Name == "public"):
			r.report(diag.NotAHandler, head(d), fmt.Sprintf("//ws:%s has no effect: %s handles no event", d.Name, fn.Name()),
				diag.Paste("mark the method", "//ws:subscribe event"))
		case subscribed && hook && d.Name != "subscribe" && d.Name != "guard" && d.Name != "public":
			r.report(diag.HandlerAndHook, head(d), fn.Name()+" is both a handler and a hook", "write two methods")
		}
	}
}

// forOthers reports whether a type of p may be there for gateways of other
// modules to embed. Where there is a program, or beside a gateway, it is rather
// one that was forgotten to be marked.
func (r *resolver) forOthers(p *pkg, obj *types.TypeName) bool {
	if !obj.Exported() || p.src.Name == "main" || slices.Contains(strings.Split(p.src.Path, "/"), "internal") || len(p.gateways) > 0 {
		return false
	}
	return !r.src.HasProgram() && !slices.ContainsFunc(r.pkgs, func(p *pkg) bool { return p.app != nil })
}

func (p *pkg) inOrder() []*types.Func {
	var all []*types.Func
	for fn := range p.onFunc {
		all = append(all, fn)
	}
	slices.SortFunc(all, func(a, b *types.Func) int { return int(a.Pos() - b.Pos()) })
	return all
}
