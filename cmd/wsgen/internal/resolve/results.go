package resolve

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// results resolves what a handler returns: nothing, T, error, or (T, error).
func (r *resolver) results(g *gateway, m *bound) (result *model.TypeRef, err bool) {
	res := m.sig.Results()
	for i := range res.Len() {
		if invalid(res.At(i).Type()) {
			r.unknown(m.result(i))
			return nil, false
		}
	}
	if i, ok := typedNil(res); ok {
		r.report(diag.BadResult, m.result(i), "a handler does not return *ws.Error: a nil one would be an error that is not nil",
			"return error; a *ws.Error is a value of it")
		return nil, false
	}
	const forms = "a handler returns nothing, T, error, or (T, error)"
	switch n := res.Len(); {
	case n == 0:
		return nil, false
	case n > 2:
		r.report(diag.BadResult, m.decl.Type.Results, fmt.Sprintf("%s returns %d values", m.fn.Name(), n), forms+"; put several values into a struct")
		return nil, false
	case n == 2 && !isError(res.At(1).Type()):
		help := forms + "; put several values into a struct"
		if isError(res.At(0).Type()) {
			help = "the error comes last: (T, error)"
		}
		r.report(diag.BadResult, m.result(1), "the second result of a handler is error", help)
		return nil, false
	case n == 1 && isError(res.At(0).Type()):
		return nil, true
	case n == 2 && isError(res.At(0).Type()):
		r.report(diag.BadResult, m.result(0), "a handler returns one error", forms)
		return nil, false
	case n == 1 && implementsError(res.At(0).Type()):
		r.report(diag.BadResult, m.result(0), fmt.Sprintf("the result %s is an error, but not of type error", r.show(res.At(0).Type(), m.fn.Pkg())),
			"return error: a nil pointer of another type would be an error that is not nil")
		return nil, false
	}
	return r.reply(g, m, res.At(0).Type()), res.Len() == 2
}

func typedNil(res *types.Tuple) (int, bool) {
	for i := range res.Len() {
		if name, ok := runtimeType(res.At(i).Type()); ok && name == "Error" {
			return i, true
		}
	}
	return 0, false
}

// reply resolves the value that a handler answers with.
func (r *resolver) reply(g *gateway, m *bound, t types.Type) *model.TypeRef {
	where := m.result(0)
	if is(t, "iter", "Seq") || is(t, "iter", "Seq2") || isChan(t) {
		r.report(diag.NotYet, where, "a stream as result is not supported yet", "return a slice, or push the values one by one with Client.Emit")
		return nil
	}
	r.needType(t)
	if why := unencodable(t, "", map[types.Type]bool{}); why != "" {
		r.report(diag.BadPayload, where, fmt.Sprintf("%s cannot be written as JSON: %s", r.show(t, m.fn.Pkg()), why),
			leaveOut(why))
		return nil
	}
	ref, err := typeRef(t, g.obj.Pkg())
	if err != nil {
		r.report(diag.Unreachable, where, err.Error(), "export the type, or use one of package "+g.obj.Pkg().Name())
		return nil
	}
	return &ref
}

// leaveOut is the help for a type that JSON cannot carry.
func leaveOut(why string) string {
	if strings.HasPrefix(why, "field ") {
		return "leave the field out with the tag `json:\"-\"`"
	}
	return "use a type that JSON has a form for"
}

func isChan(t types.Type) bool {
	_, ok := t.Underlying().(*types.Chan)
	return ok
}
