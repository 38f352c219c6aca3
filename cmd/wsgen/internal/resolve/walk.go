package resolve

import (
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

func (r *resolver) trail() *gotype.Trail { return gotype.NewTrail(r.ctx) }

// unending tells whether t rests on a generic type that has no end of instances,
// and reports that in the compiler's words. Nothing else can be asked about such a
// type: even the search for a method may not end.
func (r *resolver) unending(t types.Type, where span) bool {
	if len(r.cycles) == 0 {
		return false
	}
	w := r.trail()
	r.expand(t, w)
	if w.Endless() == nil {
		return false
	}
	e, ok := r.cycles[w.Endless().Pkg().Path()]
	if !ok {
		r.report(diag.TypeError, where, w.Endless().Name()+" has no end of instances", "let it hold itself with the same type arguments")
		return true
	}
	r.cycle(e)
	return true
}

// expand walks over all that t is made of, as far as it was read from source. Types
// that Go has compiled have an end.
func (r *resolver) expand(t types.Type, w *gotype.Trail) {
	if !w.In(t) {
		return
	}
	defer w.Out(t)
	switch t := t.(type) {
	case *types.Alias:
		for a := range t.TypeArgs().Types() {
			r.expand(a, w)
		}
		r.expand(t.Rhs(), w)
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			r.expand(a, w)
		}
		if pkg := t.Obj().Pkg(); pkg != nil && r.src.IsSource(pkg.Path()) {
			r.expand(t.Underlying(), w)
		}
	case *types.Pointer:
		r.expand(t.Elem(), w)
	case *types.Slice:
		r.expand(t.Elem(), w)
	case *types.Array:
		r.expand(t.Elem(), w)
	case *types.Chan:
		r.expand(t.Elem(), w)
	case *types.Map:
		r.expand(t.Key(), w)
		r.expand(t.Elem(), w)
	case *types.Struct:
		for f := range t.Fields() {
			r.expand(f.Type(), w)
		}
	}
}

// endlessIn reports whether a parameter or a result of m is unending.
func (r *resolver) endlessIn(m *bound) bool {
	for i := range m.sig.Params().Len() {
		if _, typ := m.param(i); r.unending(m.sig.Params().At(i).Type(), typ) {
			return true
		}
	}
	for i := range m.sig.Results().Len() {
		if r.unending(m.sig.Results().At(i).Type(), m.result(i)) {
			return true
		}
	}
	return false
}

// cycle reports a generic type without end.
func (r *resolver) cycle(e types.Error) {
	r.report(diag.TypeError, at{e.Pos, e.Pos}, e.Msg, "let it hold itself with the same type arguments")
}
