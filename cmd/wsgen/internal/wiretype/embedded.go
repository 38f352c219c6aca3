package wiretype

import (
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// promoted is a member that a struct has of what it embeds.
type promoted struct {
	f  *Field
	by *Field // the embedded field of the outermost struct that it comes by
}

// layer is one embedded struct on the way down.
type layer struct {
	at *Type
	by *Field
}

// ofEmbedded finds members that a struct has twice of what it embeds: Go takes
// such a selector for ambiguous, and encoding/json leaves both out. It looks
// into the structs level by level, as encoding/json does: a member further up
// hides those below.
func (t *Type) ofEmbedded() []Problem {
	taken, seen := map[string]bool{}, map[any]bool{gotype.Identity(t.Go): true}
	for _, f := range t.Fields() {
		if name, ok := f.member(); ok {
			taken[name] = true
		}
	}
	var pairs []Problem
	level := t.table.below([]layer{{t, nil}}, seen)
	for len(level) > 0 && t.table.ctx.Err() == nil {
		found, names := map[string][]promoted{}, []string(nil)
		for _, l := range level {
			for _, f := range l.at.Fields() {
				name, ok := f.member()
				if !ok || taken[name] {
					continue
				}
				if found[name] == nil {
					names = append(names, name)
				}
				found[name] = append(found[name], promoted{f, l.by})
			}
		}
		for _, name := range names {
			taken[name] = true
			pairs = annul(pairs, name, found[name])
		}
		level = t.table.below(level, seen)
	}
	return pairs
}

// annul adds a member to pairs, unless it comes by one field only: then it is a
// problem of that one's type.
func annul(pairs []Problem, name string, all []promoted) []Problem {
	second, tagged := -1, 0
	for i, p := range all {
		if p.by != all[0].by && second < 0 {
			second = i
		}
		if p.f.Tagged {
			tagged++
		}
	}
	if second < 0 {
		return pairs
	}
	by := []*Field{all[0].by, all[second].by}
	for i := range pairs {
		p := &pairs[i]
		if p.Fields[0] == by[0] && p.Fields[1] == by[1] && p.Untagged == (tagged == 1) {
			p.Members = append(p.Members, name)
			return pairs
		}
	}
	return append(pairs, Problem{
		Mistake: TwoOfOneMember, Fields: by, Members: []string{name},
		From: [2]*types.Var{all[0].f.Var, all[second].f.Var}, Untagged: tagged == 1,
	})
}

// below are the structs that those of a level embed, without those of levels
// above. A struct that stands twice in the new level is there twice.
func (t *Table) below(level []layer, seen map[any]bool) []layer {
	var next []layer
	var now []any
	for _, l := range level {
		for _, f := range l.at.Fields() {
			elem := gotype.Deref(f.Var.Type())
			if !f.Var.Embedded() || !f.embeds() || f.Tagged || f.Omitted || seen[gotype.Identity(elem)] {
				continue
			}
			by := l.by
			if by == nil {
				by = f
			}
			now, next = append(now, gotype.Identity(elem)), append(next, layer{t.Of(elem), by})
		}
	}
	for _, id := range now {
		seen[id] = true
	}
	return next
}
