package resolve

import (
	"fmt"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
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
			r.variadic(m, allowed, v.Type().(*types.Slice).Elem(), typ)
			continue
		}
		if gotype.Invalid(v.Type()) {
			r.unknown(typ)
			continue
		}
		role, exact, ok := r.role(v.Type(), typ, m)
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
		if !exact {
			r.indirect(m, role, v.Type(), typ)
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
		if err != nil && role == model.RoleData && len(r.json.Flaws(v.Type(), wiretype.In)) > 0 {
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

// variadic reports a parameter that takes any number of values.
func (r *resolver) variadic(m *bound, allowed takes, elem types.Type, where span) {
	help := diag.Paste("take a slice", "[]"+r.write(elem, m.scope))
	if role, _, ok := r.quiet().role(elem, where, m); ok && role != model.RoleData { // there is one of it
		help = diag.Paste("take one of them", r.write(elem, m.scope))
	}
	r.report(diag.Variadic, where, allowed.what+" cannot be variadic", help)
}

// role tells what a parameter of type t is for, and whether it is taken as
// wsgen hands it in: by pointer or by value. It reports types that are for
// nothing.
func (r *resolver) role(t types.Type, where span, m *bound) (role model.Role, exact, ok bool) {
	elem, pointer := gotype.Pointee(t)
	switch {
	case gotype.Is(elem, "context", "Context"):
		return model.RoleContext, !pointer, true
	case gotype.Is(elem, "net/http", "Request"):
		return model.RoleRequest, pointer, true
	}
	if obj := gotype.Named(elem); obj != nil && r.isState(obj) {
		return model.RoleState, pointer, true
	}
	name, ok := gotype.Runtime(t)
	if !ok {
		return model.RoleData, true, true
	}
	switch name {
	case "Client":
		return model.RoleClient, pointer, true
	case "Sender":
		return model.RoleSender, !pointer, true
	case "Closed":
		return model.RoleClosed, !pointer, true
	case "Options":
		return model.RoleOptions, pointer, true
	case "ConnID", "Code", "CloseCode", "Detail", "Present", "Person":
		return model.RoleData, true, true
	}
	shown := r.show(t, m.fn.Pkg())
	if name == "Server" || name == "Push" || name == "Ask" || name == "Presence" || name == "Router" {
		r.report(diag.InjectedParameter, where, shown+" is not a parameter", "make it a field of the gateway, and it is injected; a handler gets at its Server by Client.Server")
	} else {
		r.report(diag.BadParameter, where, shown+" is not a parameter", handlerTakes().help)
	}
	return 0, false, false
}

// indirect reports a parameter with a pointer too much or too few.
func (r *resolver) indirect(m *bound, role model.Role, t types.Type, where span) {
	elem, pointer := gotype.Pointee(t)
	what := map[model.Role]string{model.RoleContext: "a context", model.RoleRequest: "a request"}[role]
	switch {
	case role == model.RoleState:
		what = r.show(t, m.fn.Pkg()) + " is a connection's state, which"
	case what == "":
		what = r.show(elem, m.fn.Pkg())
	}
	if pointer {
		r.report(diag.Indirection, where, what+" is not taken by pointer", diag.Instead("take", r.write(elem, m.scope)))
		return
	}
	r.report(diag.Indirection, where, what+" is not taken by value", diag.Instead("take", "*"+r.write(elem, m.scope)))
}

// takesState checks a state parameter against what the connect hook makes.
func (r *resolver) takesState(g *gateway, m *bound, t types.Type, where span) bool {
	obj := gotype.Named(gotype.Deref(t))
	switch {
	case g.stateless:
		return false
	case g.state == nil:
		r.stateUnmade(g, m, obj, where)
		return false
	case gotype.Key(g.state) != gotype.Key(obj):
		r.report(diag.StateMismatch, where, fmt.Sprintf("%s takes *%s, but the connect hook of %s makes a *%s", m.fn.Name(), obj.Name(), g.obj.Name(), g.state.Name()),
			diag.Instead("take", "*"+r.write(g.state.Type(), m.scope)))
		return false
	}
	return true
}

// stateUnmade reports a state that no connect hook makes, with a hook to paste
// beside the gateway.
func (r *resolver) stateUnmade(g *gateway, m *bound, obj *types.TypeName, where span) {
	message := fmt.Sprintf("%s takes *%s, but no connect hook of %s makes one", m.fn.Name(), obj.Name(), g.obj.Name())
	if hook := g.model.Connect; hook != nil {
		r.report(diag.StateUnmade, where, message, "let the connect hook make it: "+hook.Method+" returns it, and an error if it may fail",
			diag.Related{Pos: hook.Pos, Message: hook.Method + " is declared here"})
		return
	}
	home := g.pkg.scope(g.directive)
	name := "Connected"
	for gotype.Method(g.obj.Type(), name) != nil {
		name += "_"
	}
	var related []diag.Related
	if home.file != m.scope.file {
		related = append(related, r.related(nameSpan(g.obj), g.obj.Name()+" is declared here"))
	}
	state := r.write(obj.Type(), home)
	r.report(diag.StateUnmade, where, message,
		diag.Paste("add one", fmt.Sprintf("//ws:connect\nfunc (g *%s) %s() (*%s, error) {\n\treturn &%s{}, nil\n}", g.obj.Name(), name, state, state)), related...)
}
