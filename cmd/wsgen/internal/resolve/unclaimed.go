package resolve

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

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
			if amends(d) && d.Name != "example" && !p.has(obj, "gateway") {
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
		case !r.embedded[recv] && !amends(d) && r.forOthers(p, recv):
		case !r.embedded[recv] && !amends(d):
			r.report(diag.NotAGateway, head(d), fmt.Sprintf("//ws:%s has no effect: %s is no gateway", d.Name, recv.Name()),
				diag.Paste("mark the type", "//ws:gateway /path"), r.related(nameSpan(recv), recv.Name()+" is declared here"))
		case !subscribed && amends(d):
			r.report(diag.NotAHandler, head(d), fmt.Sprintf("//ws:%s has no effect: %s handles no event", d.Name, fn.Name()),
				diag.Paste("mark the method", "//ws:subscribe event"))
		case subscribed && hook && d.Name != "subscribe" && !amends(d):
			r.report(diag.HandlerAndHook, head(d), fn.Name()+" is both a handler and a hook", "write two methods")
		}
	}
}

// amends reports whether a directive says more of a gateway or a handler, which
// another one makes.
func amends(d *directive.Directive) bool {
	return d.Name == "guard" || d.Name == "public" || d.Name == "errors" || d.Name == "example"
}

// forOthers reports whether a type of p may be there for gateways of other
// modules to embed. In a module with a program, or beside a gateway, it is more
// likely that the author forgot to mark the type.
func (r *resolver) forOthers(p *pkg, obj *types.TypeName) bool {
	if !obj.Exported() || p.src.Name == "main" || slices.Contains(strings.Split(p.src.Path, "/"), "internal") || len(p.gateways) > 0 {
		return false
	}
	return !r.src.HasProgram() && !slices.ContainsFunc(r.pkgs, func(p *pkg) bool { return p.app != nil })
}
