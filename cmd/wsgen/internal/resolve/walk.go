package resolve

import (
	"context"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// trail is the memory of one walk over a type and all that it is made of: types
// contain themselves, directly, as type T []T does, or by instances of generic
// types, which need not be the same value each time.
type trail struct {
	ctx     context.Context
	seen    map[any]bool
	above   []*types.Named  // the instances that the walk is in, outermost first
	endless *types.TypeName // a generic type that has no end of instances
}

func (r *resolver) trail() *trail { return &trail{ctx: r.ctx, seen: map[any]bool{}} }

// growth is how often an instance may be in a smaller one of the same type.
// Each time the program has to write it out, unless there is no end.
const growth = 10

// in reports whether the walk goes on into t, and out ends that: not where it
// has been, nor any more once it is interrupted or has found no end.
func (w *trail) in(t types.Type) bool {
	key := identity(t)
	if w.endless != nil || w.seen[key] || w.ctx.Err() != nil {
		return false
	}
	w.seen[key] = true
	n := instance(t)
	if n == nil {
		return true
	}
	deep, smaller := depth(n), 0
	for _, up := range w.above {
		if up.Origin() == n.Origin() && depth(up) < deep {
			smaller++
		}
	}
	if smaller == growth {
		w.endless = n.Obj()
		return false
	}
	w.above = append(w.above, n)
	return true
}

func (w *trail) out(t types.Type) {
	if instance(t) != nil {
		w.above = w.above[:len(w.above)-1]
	}
}

// forget has the walk go into t again, where it is found elsewhere.
func (w *trail) forget(t types.Type) { delete(w.seen, identity(t)) }

// instance is t if it is an instance of a generic type, else nil.
func instance(t types.Type) *types.Named {
	if n, ok := t.(*types.Named); ok && n.TypeArgs().Len() > 0 {
		return n
	}
	return nil
}

// identity is the same for the same type: an instance may be made again and
// again. Of other types that is harmless, since they are made of named ones.
func identity(t types.Type) any {
	if instance(t) != nil {
		return types.TypeString(t, nil)
	}
	return t
}

// depth is how many types stand in each other as t is written out.
func depth(t types.Type) int {
	deepest := 0
	inside := func(part types.Type) { deepest = max(deepest, 1+depth(part)) }
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			inside(a)
		}
	case *types.Pointer:
		inside(t.Elem())
	case *types.Slice:
		inside(t.Elem())
	case *types.Array:
		inside(t.Elem())
	case *types.Chan:
		inside(t.Elem())
	case *types.Map:
		inside(t.Key())
		inside(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			inside(f.Type())
		}
	case *types.Signature:
		inside(t.Params())
		inside(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			inside(v.Type())
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			inside(m.Type())
		}
	}
	return deepest
}

// unending reports whether t rests on a generic type that has no end of
// instances, in the compiler's words: nothing else can be asked about such a
// type, since not even a look for a method need come back.
func (r *resolver) unending(t types.Type, where span) bool {
	if len(r.cycles) == 0 {
		return false
	}
	w := r.trail()
	r.expand(t, w)
	if w.endless == nil {
		return false
	}
	e, ok := r.cycles[w.endless.Pkg().Path()]
	if !ok {
		r.report(diag.TypeError, where, w.endless.Name()+" has no end of instances", "let it hold itself with the same type arguments")
		return true
	}
	r.cycle(e)
	return true
}

// expand walks over all that t is made of, as far as it was read from source:
// what Go has compiled has an end.
func (r *resolver) expand(t types.Type, w *trail) {
	if !w.in(t) {
		return
	}
	defer w.out(t)
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
