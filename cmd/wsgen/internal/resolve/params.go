package resolve

import (
	"fmt"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// takes is what a kind of method may take.
type takes struct {
	what  string
	roles []model.Role
	help  string
}

func handlerTakes() takes {
	return takes{
		"a handler",
		[]model.Role{model.RoleData, model.RoleContext, model.RoleClient, model.RoleSender, model.RoleState},
		"a handler takes context.Context, *ws.Client, ws.Sender, the gateway's state, and data",
	}
}

func connectTakes() takes {
	return takes{
		"a connect hook",
		[]model.Role{model.RoleContext, model.RoleClient, model.RoleSender, model.RoleRequest},
		"a connect hook takes context.Context, *ws.Client, ws.Sender and *http.Request",
	}
}

func disconnectTakes() takes {
	return takes{
		"a disconnect hook",
		[]model.Role{model.RoleContext, model.RoleClient, model.RoleState, model.RoleClosed},
		"a disconnect hook takes context.Context, *ws.Client, the gateway's state and ws.Closed",
	}
}

func configureTakes() takes {
	return takes{"a configure hook", []model.Role{model.RoleOptions}, "a configure hook takes *ws.Options"}
}

// params resolves the parameters of m and hands each to add.
func (r *resolver) params(g *gateway, m *bound, allowed takes, add func(model.Param)) {
	seen := map[model.Role]int{}
	for i := range m.sig.Params().Len() {
		v := m.sig.Params().At(i)
		name, typ := m.param(i)
		if m.sig.Variadic() && i == m.sig.Params().Len()-1 {
			r.report(diag.Variadic, typ, fmt.Sprintf("%s cannot be variadic", allowed.what),
				"take a slice: []"+r.show(v.Type().(*types.Slice).Elem(), m.fn.Pkg()))
			continue
		}
		if invalid(v.Type()) {
			r.unknown(typ)
			continue
		}
		role, ok := r.role(v.Type(), typ, m)
		if !ok {
			continue
		}
		if !slices.Contains(allowed.roles, role) {
			code, help := diag.BadParameter, allowed.help
			if role == model.RoleRequest {
				code, help = diag.LateRequest, "the request is there while the connection begins: take it in the connect hook, and keep what you need of it in the connection's state"
			}
			r.report(code, typ, fmt.Sprintf("%s takes no %s", allowed.what, r.show(v.Type(), m.fn.Pkg())), help)
			continue
		}
		if first, twice := seen[role]; twice && role != model.RoleData {
			at, _ := m.param(first)
			r.report(diag.RepeatedParameter, name, fmt.Sprintf("%s is taken twice", r.show(v.Type(), m.fn.Pkg())),
				"remove one of them", r.related(at, "the first one"))
			continue
		}
		seen[role] = i
		if role == model.RoleState && !r.takesState(g, m, v.Type(), typ) {
			continue
		}
		ref, err := typeRef(v.Type(), g.obj.Pkg())
		if err != nil && role == model.RoleData && r.decodable().why(v.Type(), "") != "" {
			continue // dataForm says more
		}
		if err != nil {
			r.cannotName(typ, err, "export the type, or use one of package "+g.obj.Pkg().Name())
			continue
		}
		_, optional := v.Type().Underlying().(*types.Pointer)
		add(model.Param{Role: role, Name: v.Name(), Type: ref, Optional: optional && role == model.RoleData})
	}
}

// role tells what a parameter of type t is for. It reports types that are
// nearly, but not quite, those that wsgen hands in.
func (r *resolver) role(t types.Type, where span, m *bound) (model.Role, bool) {
	elem, pointer := pointee(t)
	refuse := func(code diag.Code, message, help string) (model.Role, bool) {
		r.report(code, where, message, help)
		return 0, false
	}
	hint := func(message, help string) (model.Role, bool) { return refuse(diag.Indirection, message, help) }
	shown := func() string { return r.show(t, m.fn.Pkg()) } // of mistakes only: it takes its time
	switch {
	case is(elem, "context", "Context"):
		if pointer {
			return hint("a context is not taken by pointer", "take context.Context")
		}
		return model.RoleContext, true
	case is(elem, "net/http", "Request"):
		if !pointer {
			return hint("a request is not taken by value", "take *http.Request, in the connect hook")
		}
		return model.RoleRequest, true
	}
	if obj := named(elem); obj != nil && r.isState(obj) {
		if !pointer {
			return hint(shown()+" is a connection's state, which is not taken by value", "take *"+shown())
		}
		return model.RoleState, true
	}
	name, ok := runtimeType(t)
	if !ok {
		return model.RoleData, true
	}
	switch name {
	case "Client":
		if !pointer {
			return hint("ws.Client is not taken by value", "take *ws.Client")
		}
		return model.RoleClient, true
	case "Sender":
		if pointer {
			return hint("ws.Sender is not taken by pointer", "take ws.Sender: it is a small value to keep and to copy")
		}
		return model.RoleSender, true
	case "Closed":
		if pointer {
			return hint("ws.Closed is not taken by pointer", "take ws.Closed, in the disconnect hook")
		}
		return model.RoleClosed, true
	case "Options":
		if !pointer {
			return hint("ws.Options is not taken by value", "take *ws.Options, in the configure hook")
		}
		return model.RoleOptions, true
	case "ConnID", "Code", "CloseCode", "Detail":
		return model.RoleData, true
	case "Server", "Push", "Router":
		return refuse(diag.InjectedParameter, shown()+" is not a parameter", "make it a field of the gateway, and it is injected; a handler gets at its Server by Client.Server")
	}
	return refuse(diag.BadParameter, shown()+" is not a parameter", handlerTakes().help)
}

// takesState checks a state parameter against what the connect hook makes.
func (r *resolver) takesState(g *gateway, m *bound, t types.Type, where span) bool {
	obj := named(deref(t))
	switch {
	case g.stateless:
		return false
	case g.state == nil:
		r.report(diag.StateUnmade, where, fmt.Sprintf("%s takes *%s, but no connect hook of %s makes one", m.fn.Name(), obj.Name(), g.obj.Name()),
			fmt.Sprintf("add one:\n\n//ws:connect\nfunc (g *%s) Connected(c *ws.Client) (*%s, error) {\n\treturn &%s{}, nil\n}",
				g.obj.Name(), r.show(obj.Type(), g.obj.Pkg()), r.show(obj.Type(), g.obj.Pkg())))
		return false
	case typeKey(g.state) != typeKey(obj):
		r.report(diag.StateMismatch, where, fmt.Sprintf("%s takes *%s, but the connect hook of %s makes a *%s", m.fn.Name(), obj.Name(), g.obj.Name(), g.state.Name()),
			"take *"+r.show(g.state.Type(), g.obj.Pkg()))
		return false
	}
	return true
}
