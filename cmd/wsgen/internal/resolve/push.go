package resolve

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// pushes resolves the interfaces of p marked //ws:push.
func (r *resolver) pushes(p *pkg) { r.outbounds(p, "push", r.push) }

// events reports directives on methods that no push or ask interface has.
func (r *resolver) events(p *pkg) {
	for _, d := range p.all {
		if d.Site.Place != directive.InterfaceMethod {
			continue
		}
		obj, _ := p.src.Info.Defs[d.Site.Type.Name].(*types.TypeName)
		fn, _ := p.src.Info.Defs[d.Site.Field.Names[0]].(*types.Func)
		if obj != nil && !p.has(obj, "push") && !p.has(obj, "ask") && !r.pushed[fn] {
			kind := "push"
			if d.Name == "event" {
				kind = "push or ask"
			}
			r.report(diag.EventWithoutPush, head(d), fmt.Sprintf("//ws:%s has no effect: %s is no %s interface", d.Name, obj.Name(), kind), diag.Paste("mark it", "//ws:push"),
				r.related(nameSpan(obj), obj.Name()+" is declared here"))
		}
	}
}

func (r *resolver) push(p *pkg, obj *types.TypeName, d *directive.Directive) {
	kind := outbound{
		article: "a push", does: "pushed", too: "pushes it too", role: "its methods are the events that the server sends",
		empty: "so nothing can be pushed by it", declare: "declare a method for each event that the server sends",
	}
	iface, ok := r.outboundInterface(obj, d, kind)
	if !ok {
		return
	}
	push := &model.Push{Pos: r.position(obj.Pos()), Name: obj.Name(), Namespace: r.namespaceOf(p, d)}
	registry := r.registryOf(p, d)
	kept, present := r.history(p, obj, push, registry), &presences{r: r, pkg: p, obj: obj, registry: registry}
	r.outboundMethods(p, obj, d, iface, push.Namespace, kind, func(fn *types.Func) func(event string) {
		m := &model.PushMethod{Pos: r.position(fn.Pos()), Name: fn.Name()}
		if present.method(fn, m) {
			r.pushMethod(p, obj, fn, m)
		}
		kept.method(fn, m)
		return func(event string) {
			m.Event = event
			push.Methods = append(push.Methods, m)
			r.noteSilent(obj, fn)
		}
	})
	kept.nothing(iface)
	p.model.Pushes = append(p.model.Pushes, push)
}

// noteSilent remembers the methods of a push that tell nobody what became of it.
func (r *resolver) noteSilent(obj *types.TypeName, fn *types.Func) {
	if fn.Signature().Results().Len() > 0 {
		return
	}
	key := gotype.Key(obj)
	if r.silent[key] == nil {
		r.silent[key] = map[string]*types.Func{}
	}
	r.silent[key][fn.Name()] = fn
}

// pushMethods are all methods of an interface, embedded ones included, in
// source order.
func (r *resolver) pushMethods(iface *types.Interface) []*types.Func {
	var all []*types.Func
	for m := range iface.Methods() {
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b *types.Func) int {
		pa, pb := r.position(a.Pos()), r.position(b.Pos())
		if c := strings.Compare(pa.Filename, pb.Filename); c != 0 {
			return c
		}
		return pa.Offset - pb.Offset
	})
	return all
}

// freeEvent is an event for fn that no other method of its interface has.
func (r *resolver) freeEvent(fn *types.Func, events map[string]*types.Func) string {
	event := camel.Lower(fn.Name())
	for n := 2; event == "error" || events[event] != nil; n++ {
		event = fmt.Sprintf("%s%d", camel.Lower(fn.Name()), n)
	}
	return event
}

// eventOf is the //ws:event directive of a method, in this module or another.
func (r *resolver) eventOf(fn *types.Func) *directive.Directive {
	if d := r.markOf(fn, "event"); d != nil && len(d.Args) == 1 {
		return d
	}
	return nil
}

func (r *resolver) pushEvent(fn *types.Func, where span) string {
	event := camel.Lower(fn.Name())
	if d := r.eventOf(fn); d != nil {
		event, where = d.Args[0].Value, value(d.Args[0])
	} else if event == "error" {
		r.report(diag.BadEvent, where, "the event error belongs to the protocol", diag.Paste("rename the method, or give it an event", "//ws:event failed"))
		return ""
	}
	if !r.eventName(event, where) {
		return ""
	}
	return event
}

// pushSpan is where a method is named; a method of a package that was not
// parsed is reported at fallback.
func (r *resolver) pushSpan(fn *types.Func, fallback span) span {
	if field := r.pushField(fn); field != nil {
		return field.Names[0]
	}
	return fallback
}

// pushMethod resolves what a method takes and returns.
func (r *resolver) pushMethod(p *pkg, obj *types.TypeName, fn *types.Func, m *model.PushMethod) {
	sig := fn.Signature()
	decl, _ := fieldType(r.pushField(fn))
	paramAt := func(i int) span {
		if decl == nil {
			return nameSpan(obj)
		}
		_, typ := fieldAt(decl.Params, i)
		return typ
	}
	switch n := sig.Params().Len(); {
	case n > 1:
		r.report(diag.BadPush, paramAt(1), fmt.Sprintf("the push method %s takes %d parameters", fn.Name(), n), "put the values into a struct, and take that")
	case n == 1:
		m.Param = r.outboundParam(p, sig, 0, "a push method", paramAt(0), func(shown string) {
			r.report(diag.PushAddressee, paramAt(0), "a push method takes the data that it sends, and no "+shown,
				"remove it: whom a push reaches is said where it is called")
		})
		if m.Param != nil {
			m.Param.Codec = r.codecsOf(p).ref(sig.Params().At(0).Type())
		}
	}
	r.pushResults(m, sig, decl, nameSpan(obj))
}

func fieldType(f *ast.Field) (*ast.FuncType, bool) {
	if f == nil {
		return nil, false
	}
	t, ok := f.Type.(*ast.FuncType)
	return t, ok
}

// outboundParam resolves the data of a method. addressee reports a type that is no
// data.
func (r *resolver) outboundParam(p *pkg, sig *types.Signature, i int, what string, where span, addressee func(shown string)) *model.Param {
	v := sig.Params().At(i)
	t := v.Type()
	if gotype.Invalid(t) {
		r.unknown(where)
		return nil
	}
	elem, _ := gotype.Pointee(t)
	shown := r.show(t, p.src.Types)
	if gotype.Is(elem, "context", "Context") || handle(t) {
		addressee(shown)
		return nil
	}
	if sig.Variadic() {
		r.report(diag.Variadic, where, what+" cannot be variadic", diag.Paste("take a slice", r.write(t, scope{p.src.Types, r.fileOf(where.Pos())})))
		return nil
	}
	if r.unending(t, where) {
		return nil
	}
	r.needType(t)
	if r.formless(t, wiretype.Out, where, shown+" cannot be written as JSON") {
		return nil
	}
	if r.stateSent(t, where) {
		return nil
	}
	r.onWire(t, where, wiretype.Out)
	r.opaque(t, where)
	ref, err := typeRef(t, p.src.Types)
	if err != nil {
		r.cannotName(where, err, "export the type")
		return nil
	}
	return &model.Param{Role: model.RoleData, Name: v.Name(), Type: ref}
}

// handle reports whether t is a type of the runtime's that is no data.
func handle(t types.Type) bool {
	name, ok := gotype.Runtime(t)
	return ok && name != "ConnID" && name != "Code" && name != "CloseCode" && name != "Detail" && name != "Present" && name != "Person"
}

func (r *resolver) pushResults(m *model.PushMethod, sig *types.Signature, decl *ast.FuncType, fallback span) {
	res := sig.Results()
	n := res.Len()
	if n > 0 && gotype.IsError(res.At(n-1).Type()) {
		m.Err = true
		n--
	}
	if n == 1 && types.Identical(res.At(0).Type(), types.Typ[types.Int]) {
		m.Count = true
		n--
	}
	if n == 0 {
		return
	}
	where := fallback
	if decl != nil {
		where = decl.Results
	}
	r.report(diag.PushResult, where, "the push method "+m.Name+" returns something else than what a push tells",
		"possible is error, int or (int, error); int is how many outboxes took it")
}
