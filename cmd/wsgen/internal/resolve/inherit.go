package resolve

import (
	"fmt"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// layers are the gateways that g has a promoted method from, outermost first. The
// guards of g itself are asked before all of theirs.
func (r *resolver) layers(g *gateway, method *types.Selection) []*layer {
	var (
		all   []*layer
		outer *types.Var
		t     = g.obj.Type()
	)
	for _, i := range method.Index()[:len(method.Index())-1] {
		f := gotype.Deref(t).Underlying().(*types.Struct).Field(i)
		if outer == nil {
			outer = f
		}
		t = f.Type()
		if obj := gotype.Named(gotype.Deref(t)); obj != nil && obj.Pkg() != nil {
			if l := r.layer(g, outer, obj); l != nil {
				all = append(all, l)
			}
		}
	}
	return all
}

// layer is obj as a part of g; nil if it is no gateway.
func (r *resolver) layer(g *gateway, outer *types.Var, obj *types.TypeName) *layer {
	for _, l := range g.layers {
		if l.obj == obj {
			return l
		}
	}
	ds := r.above(obj)
	i := slices.IndexFunc(ds, func(d *directive.Directive) bool { return d.Name == "gateway" })
	if i < 0 {
		return nil
	}
	l := &layer{obj: obj, field: outer}
	in := scope{r.whole(obj.Pkg()), ds[i].Site.File}
	l.guards = r.guards(ds, in, g.pkg.src.Types, false)
	l.refusals = r.refusals(ds, in, g.pkg.src.Types)
	g.layers = append(g.layers, l)
	return l
}

// above are the directives of a type, in this module or another.
func (r *resolver) above(obj *types.TypeName) []*directive.Directive {
	if home := r.byPath[obj.Pkg().Path()]; home != nil {
		return home.onType[obj]
	}
	var ds []*directive.Directive
	for _, f := range r.src.Syntax(obj.Pkg().Path()) {
		found, _ := directive.File(f, r.src.Fset, r.table)
		for _, d := range found {
			if d.Site.Place == directive.Type && d.Site.Type.Name.Name == obj.Name() {
				ds = append(ds, d)
			}
		}
	}
	return ds
}

// inherited puts the message guards of the gateways that a method comes from
// before its own. It leaves out the guards that g itself asks.
func (r *resolver) inherited(g *gateway, m *bound, own []*model.GuardRef) []*model.GuardRef {
	if len(m.under) == 0 {
		return own
	}
	var all []*model.GuardRef
	add := func(refs []*model.GuardRef) {
		for _, ref := range refs {
			if !r.asks(g.model.MessageGuards, ref) && !r.asks(all, ref) {
				all = append(all, ref)
			}
		}
	}
	for _, l := range m.under {
		add(l.guards.message)
	}
	add(own)
	return all
}

// asks reports whether the type of ref is among refs.
func (r *resolver) asks(refs []*model.GuardRef, ref *model.GuardRef) bool {
	return slices.ContainsFunc(refs, func(other *model.GuardRef) bool { return r.guardTypes[other] == r.guardTypes[ref] })
}

// unasked reports connection guards of an embedded gateway that nobody asks where
// its methods are promoted to. They are not inherited, as message guards are: the
// outer gateway has its own connections, and only its author knows in which order
// their guards are asked.
func (r *resolver) unasked(p *pkg) {
	for _, g := range p.gateways {
		if g.model.Public {
			continue
		}
		var told []*model.GuardRef
		for _, l := range g.layers {
			for _, ref := range l.guards.conn {
				if r.asks(g.model.ConnGuards, ref) || r.asks(told, ref) || r.globally(g.model, ref) {
					continue
				}
				told = append(told, ref)
				name := r.guardName(g, ref)
				r.report(diag.UnaskedGuard, nameSpan(l.field),
					fmt.Sprintf("%s has methods of the gateway %s, and does not ask its connection guard %s", g.obj.Name(), l.obj.Name(), ref.Name),
					diag.Paste(fmt.Sprintf("mark it //ws:public if those who may connect to %s may use them; or ask it here, too", g.obj.Name()), "//ws:guard "+name),
					diag.Related{Pos: ref.Pos, Message: l.obj.Name() + " asks it"})
			}
		}
	}
}

// guardName is what a directive above g calls a guard.
func (r *resolver) guardName(g *gateway, ref *model.GuardRef) string {
	if ref.Type.Package.Path == "" {
		return ref.Type.Name
	}
	if pkg, err := r.src.Import(ref.Type.Package.Path); err == nil && pkg != nil {
		return r.nameIn(g.directive.Site.File, pkg) + "." + ref.Type.Name
	}
	return ref.Type.Package.Name + "." + ref.Type.Name
}

// globally reports whether an application serves g, and all that do ask this
// guard of connections.
func (r *resolver) globally(g *model.Gateway, ref *model.GuardRef) bool {
	served := false
	for _, p := range r.pkgs {
		if p.model.App == nil {
			continue
		}
		for _, m := range p.model.App.Gateways {
			if m.Gateway != g {
				continue
			}
			if !r.asks(p.model.App.ConnGuards, ref) {
				return false
			}
			served = true
		}
	}
	return served
}
