package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// hooks resolves the connect hook first, since it says what the state is.
func (r *resolver) hooks(g *gateway, methods []*bound) {
	connect, disconnect := r.hook(g, methods, "connect"), r.hook(g, methods, "disconnect")
	if connect != nil {
		h := &model.Hook{Pos: r.position(connect.name().Pos()), Method: connect.fn.Name()}
		r.params(g, connect, connectTakes(), func(p model.Param) { h.Params = append(h.Params, p) })
		r.connectResults(g, connect, h)
		g.model.Connect = h
	}
	if disconnect != nil {
		h := &model.Hook{Pos: r.position(disconnect.name().Pos()), Method: disconnect.fn.Name()}
		r.params(g, disconnect, disconnectTakes(), func(p model.Param) { h.Params = append(h.Params, p) })
		if disconnect.sig.Results().Len() > 0 {
			r.report(diag.HookResult, disconnect.result(0), "a disconnect hook returns nothing",
				"the connection has ended: log what went wrong")
		}
		g.model.Disconnect = h
	}
	if configure := r.hook(g, methods, "configure"); configure != nil {
		r.configure(g, configure)
	}
}

// configure resolves the hook that sets the gateway's options.
func (r *resolver) configure(g *gateway, m *bound) {
	h := &model.Hook{Pos: r.position(m.name().Pos()), Method: m.fn.Name()}
	r.params(g, m, configureTakes(), func(p model.Param) { h.Params = append(h.Params, p) })
	if m.sig.Params().Len() == 0 {
		r.report(diag.BadConfigure, m.name(), "the configure hook "+m.fn.Name()+" gets no options to set",
			r.options(m))
	}
	if m.sig.Results().Len() > 0 {
		r.report(diag.BadResult, m.result(0), "a configure hook returns nothing",
			"it runs once, when the endpoint is made: panic if the program cannot start")
	}
	g.model.Configure = h
}

// options is the help for a configure hook without its parameter.
func (r *resolver) options(m *bound) string {
	ws, imports := r.ws(m.scope.file)
	return diag.Paste("write it as", fmt.Sprintf("%s(o *%s.Options)", m.fn.Name(), ws), imports...)
}

// hook finds the one method marked name.
func (r *resolver) hook(g *gateway, methods []*bound, name string) *bound {
	var found *bound
	for _, m := range methods {
		d := m.marked(name)
		if d == nil {
			continue
		}
		r.needSignature(m)
		if r.endlessIn(m) {
			continue
		}
		if found != nil {
			r.report(diag.DuplicateHook, head(d), fmt.Sprintf("%s has two //ws:%s hooks", g.obj.Name(), name),
				"let one call the other", r.related(found.name(), found.fn.Name()+" is the other"))
			continue
		}
		found = m
	}
	return found
}

// connectResults resolves what a connect hook returns: nothing, error, *State,
// or (*State, error).
func (r *resolver) connectResults(g *gateway, m *bound, h *model.Hook) {
	const forms = "a connect hook returns nothing, error, or (*State, error)"
	res := m.sig.Results()
	for i := range res.Len() {
		if gotype.Invalid(res.At(i).Type()) {
			g.stateless = true
			r.unknown(m.result(i))
			return
		}
	}
	if i, ok := typedNil(res); ok {
		r.report(diag.ErrorType, m.result(i), "a hook does not return *ws.Error: a nil one would be an error that is not nil",
			"return error; a *ws.Error is a value of it")
		return
	}
	n := res.Len()
	if n > 0 && gotype.IsError(res.At(n-1).Type()) {
		h.Err = true
		n--
	}
	switch {
	case n == 0:
	case n > 1:
		g.stateless = true
		r.report(diag.BadResult, m.decl.Type.Results, fmt.Sprintf("%s returns %d values", m.fn.Name(), res.Len()), forms)
	default:
		g.stateless = true
		if g.state = r.stateResult(g, m, res.At(0).Type()); g.state == nil {
			return
		}
		ref, err := typeRef(g.state.Type(), g.obj.Pkg())
		if err != nil {
			r.cannotName(m.result(0), err, "export the type")
			return
		}
		g.stateless = false
		g.model.State, h.State = &ref, true
	}
}

// stateResult is the state type that t points to.
func (r *resolver) stateResult(g *gateway, m *bound, t types.Type) *types.TypeName {
	elem, pointer := gotype.Pointee(t)
	obj := gotype.Named(elem)
	shown := r.show(t, m.fn.Pkg())
	switch {
	case obj != nil && r.isState(obj) && pointer:
		return obj
	case obj != nil && r.isState(obj):
		r.report(diag.Indirection, m.result(0), fmt.Sprintf("the state %s is not returned by value", shown), diag.Instead("return", "*"+r.write(t, m.scope)))
	case pointer && obj != nil && isStructType(obj) && r.byPath[obj.Pkg().Path()] != nil:
		r.report(diag.StateUnmarked, m.result(0), fmt.Sprintf("%s is not marked //ws:state", obj.Name()),
			"mark it: //ws:state", r.related(nameSpan(obj), obj.Name()+" is declared here"))
	default:
		r.report(diag.BadResult, m.result(0), fmt.Sprintf("a connect hook of %s cannot return %s", g.obj.Name(), shown),
			"a connect hook returns nothing, error, or (*State, error), where State is a struct marked //ws:state")
	}
	return nil
}
