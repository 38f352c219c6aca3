package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// types finds the marked types of p, so that everything after it can refer to
// them in whatever package they are.
func (r *resolver) types(p *pkg) {
	r.exclusive(p)
	objs, ds := p.marked("state")
	for i, obj := range objs {
		if r.isStruct(obj, ds[i]) {
			r.states[gotype.Key(obj)] = true
		}
	}
	objs, ds = p.marked("gateway")
	for i, obj := range objs {
		if r.isStruct(obj, ds[i]) {
			g := &gateway{obj: obj, directive: ds[i], pkg: p, embeds: map[*types.TypeName]bool{}, handlers: map[*model.Handler]*bound{}}
			p.gateways = append(p.gateways, g)
			r.embed(g, obj.Type())
		} else {
			r.embedded[obj] = true // its methods are not to blame
		}
	}
	objs, ds = p.marked("namespace")
	for i, obj := range objs {
		r.namespace(p, obj, ds[i])
	}
	for _, d := range p.onClause {
		if d.Name != "app" {
			continue
		}
		if p.app != nil {
			r.report(diag.AppTwice, head(d), "package "+p.src.Name+" is marked //ws:app twice", "remove one of them",
				r.related(head(p.app), "the first one"))
			continue
		}
		p.app = d
	}
}

// exclusive reports types that are marked as two things at once.
func (r *resolver) exclusive(p *pkg) {
	for _, on := range p.onType {
		var first *directive.Directive
		for _, d := range on {
			switch d.Name {
			case "gateway", "state", "namespace", "push", "ask":
			default:
				continue
			}
			if first != nil {
				r.report(diag.TwoKinds, head(d), "a type cannot be both //ws:"+first.Name+" and //ws:"+d.Name,
					"declare two types", r.related(head(first), "the other directive"))
			} else {
				first = d
			}
		}
	}
}

// isStruct checks that a marked type is a struct type without type parameters.
func (r *resolver) isStruct(obj *types.TypeName, d *directive.Directive) bool {
	name := d.Site.Type.Name
	switch t := obj.Type().(type) {
	case *types.Alias:
		r.report(diag.OnAlias, head(d), fmt.Sprintf("//ws:%s belongs on the declaration of a struct, and %s is another name for one", d.Name, obj.Name()),
			r.embedding(obj, t, d))
		return false
	case *types.Named:
		if t.TypeParams().Len() > 0 {
			r.report(diag.Generic, name, fmt.Sprintf("//ws:%s on a generic type: %s has type parameters", d.Name, obj.Name()),
				"move the directive to a struct that embeds an instance of it")
			return false
		}
	}
	if _, ok := obj.Type().Underlying().(*types.Struct); !ok {
		if !gotype.Invalid(obj.Type().Underlying()) {
			r.report(diag.WrongKind, head(d), fmt.Sprintf("//ws:%s needs a struct type, and %s is none", d.Name, obj.Name()),
				"make it a struct, with what it is now as a field")
		}
		return false
	}
	return true
}

// embedding is the help for a directive on an alias: a struct of that name, if
// one can embed what the alias stands for.
func (r *resolver) embedding(obj *types.TypeName, t *types.Alias, d *directive.Directive) string {
	const itself = "mark the type itself"
	elem, pointer := gotype.Pointee(t.Rhs())
	if gotype.Named(elem) == nil || pointer && types.IsInterface(elem) {
		return "declare a struct of its own"
	}
	return diag.Paste(itself+", or embed it", "type "+obj.Name()+" struct{ "+r.write(t.Rhs(), scope{obj.Pkg(), d.Site.File})+" }")
}

// embedServer is the help for a namespace that does not embed *ws.Server.
func (r *resolver) embedServer(obj *types.TypeName, d *directive.Directive) string {
	ws, imports := r.ws(d.Site.File)
	if s, ok := obj.Type().Underlying().(*types.Struct); ok && s.NumFields() > 0 {
		return diag.Paste("embed it", "*"+ws+".Server", imports...)
	}
	return diag.Paste("declare it as", "type "+obj.Name()+" struct{ *"+ws+".Server }", imports...)
}

// embed notes every type whose methods g has by embedding t.
func (r *resolver) embed(g *gateway, t types.Type) {
	elem, _ := gotype.Pointee(t)
	obj := gotype.Named(elem)
	if obj == nil || g.embeds[obj] {
		return
	}
	r.embedded[obj], g.embeds[obj] = true, true
	s, ok := obj.Type().Underlying().(*types.Struct)
	if !ok {
		return
	}
	for f := range s.Fields() {
		if f.Embedded() {
			r.embed(g, f.Type())
		}
	}
}

// namespace resolves a type marked //ws:namespace.
func (r *resolver) namespace(p *pkg, obj *types.TypeName, d *directive.Directive) {
	if !r.isStruct(obj, d) {
		return
	}
	r.need(d.Site.Type)
	if !embedsServer(obj) {
		if !r.broken(d.Site.Type) {
			r.report(diag.NotANamespace, d.Site.Type.Name, obj.Name()+" is marked //ws:namespace, but does not embed *ws.Server",
				r.embedServer(obj, d))
		}
		return
	}
	n := &model.Namespace{Pos: r.position(obj.Pos()), Name: obj.Name()}
	if name, found := r.constructor(obj, r.wire); found {
		n.Provider = made(name)
		r.wireable(obj, n.Provider, true)
	} else if obj.Type().Underlying().(*types.Struct).NumFields() == 1 {
		n.Provider.Kind = model.ProviderGenerated
	} else {
		r.noProvider(obj, d.Site.Type.Name, true)
	}
	p.model.Namespaces = append(p.model.Namespaces, n)
}

// namespaceOf resolves the namespace= option of d; nil is the default registry.
func (r *resolver) namespaceOf(p *pkg, d *directive.Directive) *model.TypeRef {
	o, ok := d.Option("namespace")
	if !ok {
		return nil
	}
	obj := r.lookupType(p, d, o)
	if obj == nil {
		return nil
	}
	decl := gotype.Named(obj.Type())
	if decl == nil || !embedsServer(decl) {
		r.report(diag.NotANamespace, value(o), o.Value+" is no namespace: it does not embed *ws.Server",
			"name a struct that embeds *ws.Server and is marked //ws:namespace")
		return nil
	}
	if home := r.byPath[decl.Pkg().Path()]; decl.Pkg().Path() == p.src.Path || home != nil {
		if !home.has(decl, "namespace") {
			r.report(diag.UnmarkedNamespace, value(o), o.Value+" is not marked //ws:namespace",
				"mark it: //ws:namespace", r.related(at{decl.Pos(), decl.Pos()}, decl.Name()+" is declared here"))
			return nil
		}
	}
	ref, err := typeRef(obj.Type(), p.src.Types)
	if err != nil {
		r.cannotName(value(o), err, "")
		return nil
	}
	return &ref
}

// registryOf names the declared type behind the namespace= of d: its import path
// and name; "" is *ws.Server.
func (r *resolver) registryOf(p *pkg, d *directive.Directive) string {
	o, ok := d.Option("namespace")
	if !ok {
		return ""
	}
	obj := r.quiet().lookupType(p, d, o)
	if obj == nil {
		return ""
	}
	return gotype.Key(gotype.Named(obj.Type()))
}
