package resolve

import (
	"fmt"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func (r *resolver) gateways(p *pkg) {
	for _, g := range p.gateways {
		r.gateway(g)
		p.model.Gateways = append(p.model.Gateways, g.model)
	}
}

func (r *resolver) gateway(g *gateway) {
	d, p := g.directive, g.pkg
	name := d.Site.Type.Name
	r.need(d.Site.Type)
	g.model = &model.Gateway{
		Pos: r.position(name.Pos()), Name: g.obj.Name(),
		Path:      r.path(d),
		Namespace: r.namespaceOf(p, d),
		GoGateway: model.GoGateway{Provider: r.ownProvider(g.obj, name)},
	}
	if r.unending(g.obj.Type(), name) {
		return
	}
	guards := r.guards(p.onType[g.obj], p.scope(d), p.src.Types, false)
	g.model.ConnGuards, g.model.MessageGuards = guards.conn, guards.message
	g.model.Public = p.has(g.obj, "public")
	g.refusals = r.refusals(p.onType[g.obj], p.scope(d), p.src.Types)

	methods := r.methods(g)
	r.ambiguous(g)
	r.hooks(g, methods)
	events := map[string]*bound{}
	for _, m := range methods {
		if d := m.marked("subscribe"); d != nil {
			r.handler(g, m, d, events)
		}
		r.pathValues(g, m)
	}
}

// handler resolves one method marked //ws:subscribe.
func (r *resolver) handler(g *gateway, m *bound, d *directive.Directive, events map[string]*bound) {
	h := &model.Handler{Pos: r.position(m.name().Pos()), Method: m.fn.Name(), Public: m.marked("public") != nil}
	r.needSignature(m)
	if r.endlessIn(m) {
		return
	}
	event, where, ok := r.event(m, d)
	if ok {
		h.Event = event
		if o, named := d.Option("const"); named {
			h.Const = r.constRef(m.scope, o, g.obj.Pkg())
		}
		if earlier := events[event]; earlier != nil {
			r.report(diag.DuplicateEvent, where, fmt.Sprintf("event %s has two handlers in %s", event, g.obj.Name()),
				"give one of them another event, or remove it",
				r.related(earlier.name(), earlier.fn.Name()+" handles it too"))
		} else {
			events[event] = m
		}
	}
	guards := r.guards(m.ds, m.scope, g.pkg.src.Types, true)
	h.Guards = r.inherited(g, m, guards.message)
	r.declares(g, m, h)
	r.params(g, m, handlerTakes(), func(p model.Param) { h.Params = append(h.Params, p) })
	h.Data = r.dataForm(m)
	r.callExamples(m, h)
	r.results(g, m, h)
	r.checks(m, h)
	if o, ok := g.directive.Option("codec"); !ok || o.Value != "std" {
		r.codecs(g, m, h)
	}
	r.runs(d, h, len(g.model.MessageGuards) > 0)
	if h.Mode == model.Parallel {
		r.unlocked(m)
	}
	g.model.Handlers = append(g.model.Handlers, h)
	g.handlers[h] = m
}
