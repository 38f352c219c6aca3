package gotype

import (
	"context"
	"go/types"
	"slices"
)

// Trail is the memory of one walk over a type and all that it is made of. A type
// may contain itself: directly, as type T []T does, or by instances of generic
// types. The same instance need not be the same value each time.
type Trail struct {
	ctx     context.Context
	seen    []any           // while there are few
	many    map[any]bool    // all that was seen; nil while there are few
	above   []*types.Named  // the instances that the walk is in, outermost first
	endless *types.TypeName // a generic type that has no end of instances
}

// NewTrail begins a walk, which ends with ctx.
func NewTrail(ctx context.Context) *Trail { return &Trail{ctx: ctx} }

// few is how many types are looked through one by one: most walks see no more, and
// would take longer to make a map.
const few = 16

// growth is in how many smaller instances of the same generic type an instance
// may stand. A program has to write out each of them, unless there is no end.
const growth = 10

// In reports whether the walk goes on into t. If so, Out has to follow. It does not
// go where it has been, and nowhere once ctx has ended or a type has no end.
func (w *Trail) In(t types.Type) bool {
	key := Identity(t)
	if w.endless != nil || w.knows(key) || w.ctx.Err() != nil {
		return false
	}
	w.see(key)
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

// Out ends what In has begun.
func (w *Trail) Out(t types.Type) {
	if instance(t) != nil {
		w.above = w.above[:len(w.above)-1]
	}
}

// Forget has the walk go into t again, where it is found elsewhere.
func (w *Trail) Forget(t types.Type) {
	key := Identity(t)
	if w.many != nil {
		delete(w.many, key)
	} else {
		w.seen = slices.DeleteFunc(w.seen, func(k any) bool { return k == key })
	}
}

// knows reports whether the walk has seen what has this key.
func (w *Trail) knows(key any) bool {
	if w.many != nil {
		return w.many[key]
	}
	return slices.Contains(w.seen, key)
}

// see notes a key that the walk has not seen.
func (w *Trail) see(key any) {
	if w.many == nil && len(w.seen) < few {
		w.seen = append(w.seen, key)
		return
	}
	if w.many == nil {
		w.many = map[any]bool{}
		for _, k := range w.seen {
			w.many[k] = true
		}
	}
	w.many[key] = true
}

// Endless is a generic type without an end of instances, at which the walk has
// stopped; nil if it has not.
func (w *Trail) Endless() *types.TypeName { return w.endless }

// instance is t if it is an instance of a generic type, else nil.
func instance(t types.Type) *types.Named {
	if n, ok := t.(*types.Named); ok && n.TypeArgs().Len() > 0 {
		return n
	}
	return nil
}

// Identity is a key of t. It is equal for all values of one instance of a generic
// type. Any other type is its own key. To meet one of those again is harmless:
// a cycle always passes a declared type.
func Identity(t types.Type) any {
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
