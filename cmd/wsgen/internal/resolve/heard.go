package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// heard warns of events that are pushed to one registry with different types: its
// clients hear both, and cannot tell by the name which one comes. It does so once for
// an event of a registry, with all that push it otherwise than the first.
func (r *resolver) heard() {
	type key struct{ registry, event string }
	told := map[key]int{} // places in the list
	for i, second := range r.sendings {
		if second.ask || r.ctx.Err() != nil {
			continue
		}
		first, differs := r.otherwise(second, r.sendings[:i])
		if !differs {
			continue
		}
		k := key{second.registry, second.event}
		if at, again := told[k]; again {
			d := &r.list[at]
			d.Related = append(d.Related, r.related(second.where, fmt.Sprintf("%s pushes it with %s", second.name(nil), r.pushedData(second, second))))
			continue
		}
		told[k] = len(r.list)
		r.owner = second.pkg.src
		r.warn(diag.PushedTwoTypes, second.where,
			fmt.Sprintf("event %s is pushed with %s by %s, and with %s by %s of the same registry", second.event,
				r.pushedData(second, second), second.by, r.pushedData(first, second), first.name(second.pkg)),
			diag.Paste("give one of them another event", "//ws:event "+spell(r.freeQuestion(second))), r.related(first.where, first.by+" is declared here"))
	}
}

// otherwise is the first of earlier pushes of an event to a registry that is with
// another type, in a program of both.
func (r *resolver) otherwise(s sending, earlier []sending) (first sending, differs bool) {
	for _, first := range earlier {
		if !first.ask && first.registry == s.registry && first.event == s.event && !sameData(first.fn, s.fn) && r.together(first.pkg, s.pkg) {
			return first, true
		}
	}
	return first, false
}

// name is the method with its interface, and with its package if that is not from.
func (s sending) name(from *pkg) string {
	if s.pkg == from {
		return s.by
	}
	return s.pkg.src.Name + "." + s.by
}

// sameData reports whether two push methods send one type, or nothing.
func sameData(a, b *types.Func) bool {
	one, other := a.Signature().Params(), b.Signature().Params()
	return one.Len() == 0 && other.Len() == 0 || one.Len() > 0 && other.Len() > 0 && types.Identical(one.At(0).Type(), other.At(0).Type())
}

// pushedData is the type that a push method sends, as a message names it that is about
// another one.
func (r *resolver) pushedData(s, about sending) string {
	if params := s.fn.Signature().Params(); params.Len() > 0 {
		return r.show(params.At(0).Type(), about.pkg.src.Types)
	}
	return "null"
}
