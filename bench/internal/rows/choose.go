package rows

import (
	"slices"
	"strings"
)

// kinds returns those of e.Kinds that keep wants, without what is observed.
func (e *Env) kinds(keep func(Kind) bool) []Kind {
	return e.observed(func(k Kind) bool { return !k.Observed && keep(k) })
}

// clusters returns those of e.Kinds of the rows of clusters, in the order of names.
func (e *Env) clusters(names ...string) []Kind {
	var out []Kind
	for _, name := range names {
		for _, k := range e.Kinds {
			if k.Nodes > 0 && k.Name == name {
				out = append(out, k)
			}
		}
	}
	return out
}

// observed returns those of e.Kinds that keep wants, and who is observed among them.
func (e *Env) observed(keep func(Kind) bool) []Kind {
	return e.typed(func(k Kind) bool { return !k.Typed && keep(k) })
}

// typed returns those of e.Kinds that keep wants, and among them ours in other ways.
func (e *Env) typed(keep func(Kind) bool) []Kind {
	return slices.DeleteFunc(slices.Clone(e.Kinds), func(k Kind) bool { return k.Nodes > 0 || k.Keeps || !keep(k) })
}

// named tells whether k is one of names, or a variant of one ("wsgen@old").
func named(names ...string) func(Kind) bool {
	return func(k Kind) bool {
		base, _, _ := strings.Cut(k.Name, "@")
		return slices.Contains(names, base)
	}
}
