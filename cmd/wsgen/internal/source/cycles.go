package source

import (
	"go/types"
	"strings"
)

// Cycles are the errors by which Go refuses a generic type that has no end of
// instances, such as type T[P any] struct{ next *T[[]P] }. They are those of
// packages read from source, by import path. A walk over such a type may never
// end, also one of go/types.
func (p *Program) Cycles() map[string]types.Error {
	found := map[string]types.Error{}
	for path, u := range p.deps.units {
		for i, e := range u.errors {
			if !strings.HasPrefix(e.Msg, "instantiation cycle") {
				continue
			}
			for _, more := range u.errors[i+1:] {
				if !strings.HasPrefix(more.Msg, "\t") {
					break
				}
				e.Msg += " " + strings.TrimSpace(more.Msg) // the compiler has a line for each step
			}
			found[path] = e
			break
		}
	}
	return found
}

// IsSource reports whether a package was read from source, and may have mistakes.
func (p *Program) IsSource(path string) bool {
	u := p.deps.units[path]
	return u != nil && !u.stale
}
