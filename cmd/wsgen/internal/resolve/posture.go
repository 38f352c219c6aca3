package resolve

import (
	"fmt"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// postures reports every handler of which nothing says who may use it: neither
// a guard of its own, of its gateway, or of every application that serves it,
// nor //ws:public.
func (r *resolver) postures(p *pkg) {
	for _, g := range p.gateways {
		m := g.model
		if m.Public || len(m.ConnGuards)+len(m.MessageGuards) > 0 || r.globallyGuarded(m) {
			continue
		}
		for _, h := range m.Handlers {
			if h.Public || len(h.Guards) > 0 {
				continue
			}
			where := g.handlers[h].name()
			r.report(diag.NoPosture, where, fmt.Sprintf("nothing says who may send %s: %s has no guard", h.Event, h.Method),
				"guard it, or its gateway\nor say that it is open on purpose: //ws:public",
				r.related(nameSpan(g.obj), g.obj.Name()+" has no guard either"))
		}
	}
}

// globallyGuarded reports whether an application serves g, and all that do have
// guards.
func (r *resolver) globallyGuarded(g *model.Gateway) bool {
	served := false
	for _, p := range r.pkgs {
		if p.model.App == nil {
			continue
		}
		for _, m := range p.model.App.Gateways {
			if m.Gateway != g {
				continue
			}
			if len(p.model.App.ConnGuards)+len(p.model.App.MessageGuards) == 0 {
				return false
			}
			served = true
		}
	}
	return served
}
