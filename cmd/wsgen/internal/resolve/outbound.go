package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// outbound is a kind of interface whose methods the server sends something by, as
// messages name it.
type outbound struct {
	article   string // a push
	asks      bool   // a client answers
	does, too string // pushed, pushes it too
	role      string // its methods are …
	empty     string // so nothing can be …
	declare   string // declare a method for each …
}

// outbounds resolves the interfaces of p that a directive marks, one by one.
func (r *resolver) outbounds(p *pkg, name string, resolve func(*pkg, *types.TypeName, *directive.Directive)) {
	objs, ds := p.marked(name)
	for i, obj := range objs {
		resolve(p, obj, ds[i])
	}
}

// outboundInterface is the interface that d marks. It reports what is none.
func (r *resolver) outboundInterface(obj *types.TypeName, d *directive.Directive, kind outbound) (*types.Interface, bool) {
	name := d.Site.Type.Name
	r.need(d.Site.Type)
	if n, ok := obj.Type().(*types.Named); ok && n.TypeParams().Len() > 0 {
		r.report(diag.Generic, name, fmt.Sprintf("//ws:%s on a generic type: %s has type parameters", d.Name, obj.Name()),
			"declare an interface with the types written out")
		return nil, false
	}
	iface, ok := obj.Type().Underlying().(*types.Interface)
	if alias, is := obj.Type().(*types.Alias); is && !gotype.Invalid(obj.Type().Underlying()) {
		help := "mark an interface"
		if gotype.Named(alias.Rhs()) != nil && ok {
			help = diag.Paste("mark the type itself, or embed it", "type "+obj.Name()+" interface{ "+r.write(alias.Rhs(), scope{obj.Pkg(), d.Site.File})+" }")
		}
		r.report(diag.OnAlias, head(d), fmt.Sprintf("//ws:%s belongs on the declaration of an interface, and %s is another name for one", d.Name, obj.Name()), help)
		return nil, false
	}
	if !ok {
		if !gotype.Invalid(obj.Type().Underlying()) {
			r.report(diag.WrongKind, head(d), fmt.Sprintf("//ws:%s needs an interface type, and %s is none", d.Name, obj.Name()),
				"make it an interface: "+kind.role)
		}
		return nil, false
	}
	if !iface.IsMethodSet() {
		r.report(diag.WrongKind, name, obj.Name()+" is a constraint, not "+kind.article+" interface", "declare an interface of methods only")
		return nil, false
	}
	if iface.NumMethods() == 0 {
		r.warn(diag.EmptyPush, name, obj.Name()+" has no method, "+kind.empty, kind.declare)
	}
	return iface, true
}

// outboundMethods resolves the methods of an interface: each by method, and if it
// has an event that no other one has, by what that returns.
func (r *resolver) outboundMethods(p *pkg, obj *types.TypeName, d *directive.Directive, iface *types.Interface, namespace *model.TypeRef, kind outbound,
	method func(*types.Func) func(event string),
) {
	name := d.Site.Type.Name
	registry, known := "", true
	if _, named := d.Option("namespace"); named {
		if known = namespace != nil; known { // else that is reported
			registry = r.registryOf(p, d)
		}
	}
	events := map[string]*types.Func{}
	for _, fn := range r.pushMethods(iface) {
		r.pushed[fn.Origin()] = true
		add := method(fn)
		where := r.pushSpan(fn, name)
		event := r.pushEvent(fn, where)
		if event == "" {
			continue
		}
		if first := events[event]; first != nil {
			if d := r.eventOf(fn); d != nil {
				where = value(d.Args[0])
			}
			firstAt := r.pushSpan(first, name)
			r.report(diag.DuplicatePush, where, fmt.Sprintf("event %s is %s by two methods of %s", event, kind.does, obj.Name()),
				diag.Paste("give one of them another event", "//ws:event "+spell(r.freeEvent(fn, events))), r.related(firstAt, first.Name()+" "+kind.too))
			continue
		}
		events[event] = fn
		if !fn.Exported() && fn.Pkg() != obj.Pkg() {
			r.report(diag.Unreachable, name, fmt.Sprintf("%s has the method %s, which is unexported in package %s", obj.Name(), fn.Name(), fn.Pkg().Name()), "export the method")
			continue
		}
		add(event)
		if d := r.eventOf(fn); d != nil && r.home(fn) != nil {
			where = value(d.Args[0])
		}
		if !known {
			continue
		}
		r.sendings = append(r.sendings, sending{p, registry, event, obj.Name() + "." + fn.Name(), fn, where, kind.asks})
	}
}
