package resolve

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// questions resolves the interfaces of p marked //ws:ask.
func (r *resolver) questions(p *pkg) { r.outbounds(p, "ask", r.ask) }

func (r *resolver) ask(p *pkg, obj *types.TypeName, d *directive.Directive) {
	kind := outbound{
		article: "an ask", asks: true, does: "asked", too: "asks it too", role: "its methods are the questions that the server asks",
		empty: "so nothing can be asked by it", declare: "declare a method for each question that the server asks",
	}
	iface, ok := r.outboundInterface(obj, d, kind)
	if !ok {
		return
	}
	ask := &model.Ask{Pos: r.position(obj.Pos()), Name: obj.Name(), Namespace: r.namespaceOf(p, d)}
	r.outboundMethods(p, obj, d, iface, ask.Namespace, kind, func(fn *types.Func) func(event string) {
		m := r.askMethod(p, obj, fn)
		r.onlyPushed(obj, fn)
		return func(event string) {
			m.Event = event
			ask.Methods = append(ask.Methods, m)
		}
	})
	p.model.Asks = append(p.model.Asks, ask)
}

// askForm is the form of every ask method, for help.
const askForm = "it takes a context.Context and at most one value, and returns an error, or an answer and an error"

// askMethod resolves a method of an ask interface.
func (r *resolver) askMethod(p *pkg, obj *types.TypeName, fn *types.Func) *model.AskMethod {
	m := &model.AskMethod{Pos: r.position(fn.Pos()), Name: fn.Name()}
	q := question{p: p, fn: fn, sig: fn.Signature(), name: r.pushSpan(fn, nameSpan(obj))}
	q.decl, _ = fieldType(r.pushField(fn))
	if q.decl != nil {
		q.scope = scope{p.src.Types, r.fileOf(q.decl.Pos())}
	}
	if r.askContext(q) && q.sig.Params().Len() == 2 {
		m.Param = r.outboundParam(p, q.sig, 1, "an ask method", q.param(1), func(shown string) {
			r.report(diag.BadAsk, q.param(1), "an ask method takes the data that it sends, and no "+shown,
				"remove it: who is asked is said where it is called")
		})
	}
	if m.Result = r.askResult(q); m.Result != nil {
		m.ResultCodec = r.codecsOf(p).ref(q.sig.Results().At(0).Type())
	}
	return m
}

// question is a method of an ask interface while it is resolved.
type question struct {
	p     *pkg
	fn    *types.Func
	sig   *types.Signature
	decl  *ast.FuncType // nil: it is of a package that was not parsed
	name  span
	scope scope
}

// param is where the type of a parameter stands.
func (q question) param(i int) span {
	if q.decl == nil {
		return q.name
	}
	_, typ := fieldAt(q.decl.Params, i)
	return typ
}

// result is where the type of a result stands.
func (q question) result(i int) span {
	if q.decl == nil || q.decl.Results == nil {
		return q.name
	}
	_, typ := fieldAt(q.decl.Results, i)
	return typ
}

// askContext checks that a method takes a context, and one value at most. It
// returns false if that has been reported.
func (r *resolver) askContext(q question) bool {
	params := q.sig.Params()
	for i := range params.Len() {
		if gotype.Invalid(params.At(i).Type()) {
			r.unknown(q.param(i))
			return false
		}
	}
	place := slices.IndexFunc(slices.Collect(params.Variables()), func(v *types.Var) bool { return isContext(v.Type()) })
	switch n := params.Len(); {
	case place == 0 && n <= 2:
		return true
	case n > 2:
		r.report(diag.BadAsk, q.param(n-1), fmt.Sprintf("the ask method %s takes %d parameters", q.fn.Name(), n), askForm+"; put several values into a struct")
	case place < 0 && n == 1 && gotype.Is(gotype.Deref(params.At(0).Type()), "context", "Context"):
		r.report(diag.Indirection, q.param(0), "a context is not taken by pointer", diag.Instead("take", r.write(gotype.Deref(params.At(0).Type()), q.scope)))
	default:
		r.report(diag.BadAsk, q.paramsSpan(), fmt.Sprintf("the ask method %s does not begin with a context: nothing would end its wait", q.fn.Name()), r.withContext(q, place))
	}
	return false
}

// paramsSpan is where the list of parameters stands.
func (q question) paramsSpan() span {
	if q.decl == nil {
		return q.name
	}
	return q.decl.Params
}

// withContext is the help for parameters, at most two, in which the context is
// missing, or in place at.
func (r *resolver) withContext(q question, place int) string {
	switch {
	case q.sig.Params().Len() == 2 && place < 0:
		return askForm + "; put several values into a struct"
	case q.decl == nil || q.sig.Variadic():
		return askForm
	}
	code := "(ctx context.Context"
	for i, v := range slices.Collect(q.sig.Params().Variables()) {
		if i != place {
			name := v.Name()
			if name == "" || name == "_" || name == "ctx" {
				name = "data"
			}
			code += ", " + name + " " + r.write(v.Type(), q.scope)
		}
	}
	return diag.Paste("take these parameters", code+")", needsContext(q.scope.file)...)
}

func isContext(t types.Type) bool { return gotype.Is(t, "context", "Context") }

// askResult resolves what a method returns: error, or (T, error).
func (r *resolver) askResult(q question) *model.TypeRef {
	res := q.sig.Results()
	n := res.Len()
	for i := range n {
		if gotype.Invalid(res.At(i).Type()) {
			r.unknown(q.result(i))
			return nil
		}
	}
	last := func(i int) types.Type { return res.At(n - 1 - i).Type() }
	switch {
	case n == 0:
		r.report(diag.BadAsk, q.name, fmt.Sprintf("the ask method %s returns no error: an answer may not come", q.fn.Name()), askForm)
	case n > 2:
		r.report(diag.BadAsk, q.resultsSpan(), fmt.Sprintf("the ask method %s returns %d values", q.fn.Name(), n), askForm+"; put several values into a struct")
	case gotype.IsError(last(0)) && n == 1:
	case gotype.IsError(last(0)) && !gotype.IsError(last(1)):
		return r.askAnswer(q, last(1))
	case gotype.IsError(last(0)):
		r.report(diag.BadAsk, q.result(0), fmt.Sprintf("the ask method %s returns two errors", q.fn.Name()), askForm)
	case gotype.ImplementsError(last(0)):
		r.report(diag.ErrorType, q.result(n-1), fmt.Sprintf("the result %s is an error, but not of type error", r.show(last(0), q.p.src.Types)),
			"return error: a nil pointer of another type would be an error that is not nil")
	case n == 2 && gotype.IsError(last(1)) && q.decl != nil:
		r.report(diag.ErrorFirst, q.decl.Results, "the second result of an ask method is error", diag.Paste("the error comes last", swapped(q.decl.Results)))
	case n == 1 && q.decl != nil:
		r.report(diag.BadAsk, q.decl.Results, fmt.Sprintf("the ask method %s returns no error: an answer may not come", q.fn.Name()),
			diag.Paste("return these results", "("+r.write(last(0), q.scope)+", error)"))
	default:
		r.report(diag.BadAsk, q.result(n-1), fmt.Sprintf("the last result of the ask method %s is no error", q.fn.Name()), askForm)
	}
	return nil
}

// resultsSpan is where the list of results stands.
func (q question) resultsSpan() span {
	if q.decl == nil || q.decl.Results == nil {
		return q.name
	}
	return q.decl.Results
}

// askAnswer resolves the type of an answer.
func (r *resolver) askAnswer(q question, t types.Type) *model.TypeRef {
	where, shown := q.result(0), r.show(t, q.p.src.Types)
	if handle(t) || isContext(gotype.Deref(t)) {
		r.report(diag.BadAsk, where, "an ask method returns what the client answers, and no "+shown, askForm)
		return nil
	}
	if r.unending(t, where) {
		return nil
	}
	r.needType(t)
	if r.formless(t, wiretype.In, where, shown+" cannot be read from JSON") {
		return nil
	}
	r.onWire(t, where, wiretype.In)
	r.opaque(t, where)
	ref, err := typeRef(t, q.p.src.Types)
	if err != nil {
		r.cannotName(where, err, "export the type")
		return nil
	}
	return &ref
}

// crossed reports events that are asked and pushed by one registry: a client could
// not tell in what it is to be called what it hears from what it is asked.
func (r *resolver) crossed() {
	for _, q := range r.sendings {
		if !q.ask || r.ctx.Err() != nil {
			continue
		}
		i := slices.IndexFunc(r.sendings, func(p sending) bool {
			return !p.ask && p.registry == q.registry && p.event == q.event && r.together(p.pkg, q.pkg) && (p.pkg != q.pkg || p.by != q.by) // that is told
		})
		if i < 0 {
			continue
		}
		p := r.sendings[i]
		r.owner = q.pkg.src
		r.report(diag.AskAndPush, q.where, fmt.Sprintf("event %s is asked by %s, and pushed by %s of the same registry", q.event, q.by, p.by),
			diag.Paste("give one of them another event", "//ws:event "+spell(r.freeQuestion(q))), r.related(p.where, p.by+" is declared here"))
	}
}

// together reports whether two packages may be of one program: whether some
// application has both, or no application either.
func (r *resolver) together(a, b *pkg) bool {
	lone := true
	for _, app := range r.pkgs {
		if app.app == nil {
			continue
		}
		hasA, hasB := slices.Contains(app.members, a), slices.Contains(app.members, b)
		if hasA && hasB {
			return true
		}
		lone = lone && !hasA && !hasB
	}
	return a == b || lone
}

// freeQuestion is an event for q that nothing else of its registry has.
func (r *resolver) freeQuestion(q sending) string {
	name := camel.Lower(q.fn.Name())
	for n := 2; ; n++ {
		event := fmt.Sprintf("%s%d", name, n)
		if !slices.ContainsFunc(r.sendings, func(s sending) bool { return s.registry == q.registry && s.event == event }) {
			return event
		}
	}
}
