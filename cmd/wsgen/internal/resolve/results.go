package resolve

import (
	"fmt"
	"go/ast"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// results resolves what a handler returns: nothing, T, error, or (T, error),
// where T may be a stream.
func (r *resolver) results(g *gateway, m *bound, h *model.Handler) {
	res := m.sig.Results()
	for i := range res.Len() {
		if gotype.Invalid(res.At(i).Type()) {
			r.unknown(m.result(i))
			return
		}
	}
	if i, ok := typedNil(res); ok {
		r.report(diag.ErrorType, m.result(i), "a handler does not return *ws.Error: a nil one would be an error that is not nil",
			"return error; a *ws.Error is a value of it")
		return
	}
	const forms = "a handler returns nothing, T, error, or (T, error)"
	switch n := res.Len(); {
	case n == 0:
		return
	case n > 2:
		r.report(diag.BadResult, m.decl.Type.Results, fmt.Sprintf("%s returns %d values", m.fn.Name(), n), forms+"; put several values into a struct")
		return
	case n == 2 && gotype.IsError(res.At(0).Type()) && !gotype.IsError(res.At(1).Type()):
		r.report(diag.ErrorFirst, m.decl.Type.Results, "the second result of a handler is error", diag.Paste("the error comes last", swapped(m.decl.Type.Results)))
		return
	case n == 2 && gotype.ImplementsError(res.At(1).Type()) && !gotype.IsError(res.At(1).Type()):
		r.notError(m, 1, res.At(1).Type())
		return
	case n == 2 && !gotype.IsError(res.At(1).Type()):
		r.report(diag.BadResult, m.result(1), "the second result of a handler is error", forms+"; put several values into a struct")
		return
	case n == 1 && gotype.IsError(res.At(0).Type()):
		h.Err = true
		return
	case n == 2 && gotype.IsError(res.At(0).Type()):
		r.report(diag.BadResult, m.result(0), "a handler returns one error", forms)
		return
	case n == 1 && gotype.ImplementsError(res.At(0).Type()):
		r.notError(m, 0, res.At(0).Type())
		return
	}
	h.Err = res.Len() == 2
	r.reply(g, m, res.At(0).Type(), h)
}

// notError reports a result that is an error by its methods only.
func (r *resolver) notError(m *bound, i int, t types.Type) {
	r.report(diag.ErrorType, m.result(i), fmt.Sprintf("the result %s is an error, but not of type error", r.show(t, m.fn.Pkg())),
		"return error: a nil pointer of another type would be an error that is not nil")
}

// swapped writes two results in the other order.
func swapped(list *ast.FieldList) string {
	var fields []string
	for _, f := range list.List {
		text := types.ExprString(f.Type)
		if len(f.Names) > 0 {
			text = f.Names[0].Name + " " + text
		}
		fields = append(fields, text)
	}
	if len(list.List) == 1 { // two names of one type
		return types.ExprString(list.List[0].Type)
	}
	return "(" + fields[1] + ", " + fields[0] + ")"
}

func typedNil(res *types.Tuple) (int, bool) {
	for i := range res.Len() {
		if name, ok := gotype.Runtime(res.At(i).Type()); ok && name == "Error" {
			return i, true
		}
	}
	return 0, false
}

// reply resolves the value, or the stream of values, that a handler answers
// with.
func (r *resolver) reply(g *gateway, m *bound, t types.Type, h *model.Handler) {
	where := m.result(0)
	form, item, ok := r.stream(m, t)
	if !ok {
		return
	}
	r.needType(item)
	if r.formless(item, wiretype.Out, where, r.show(item, m.fn.Pkg())+" cannot be written as JSON") {
		return
	}
	if r.stateSent(item, where) {
		return
	}
	r.onWire(item, where, wiretype.Out)
	r.opaque(item, where)
	ref, err := typeRef(t, g.obj.Pkg())
	if err != nil {
		r.cannotName(where, err, "export the type, or use one of package "+g.obj.Pkg().Name())
		return
	}
	h.Result, h.Stream = &ref, form
}
