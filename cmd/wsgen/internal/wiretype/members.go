package wiretype

import (
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// Member is a member of the JSON object that a struct becomes.
type Member struct {
	Field *Field
	// Path are the fields that lead to it from the struct: embedded ones, and itself.
	Path []*Field
	// Embedded says that the member comes by an embedded pointer: where that is
	// nil, it is absent.
	Embedded bool
}

// candidate is a field that may become a member.
type candidate struct {
	Member
	depth int
	index []int // of the fields that lead to it, for the order of members
}

// Members are those of the object that t becomes, in their order. The rules are
// encoding/json's: of several fields with one name the nearest wins, and among
// equally near ones that which has the name in its tag. If there is more than one
// of these, none becomes a member.
func (t *Type) Members() []Member {
	byName := map[string][]candidate{}
	var names []string
	for _, c := range t.candidates() {
		if byName[c.Field.Name] == nil {
			names = append(names, c.Field.Name)
		}
		byName[c.Field.Name] = append(byName[c.Field.Name], c)
	}
	var all []candidate
	for _, name := range names {
		if c, ok := dominant(byName[name]); ok {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return slices.Compare(a.index, b.index) })
	members := make([]Member, len(all))
	for i, c := range all {
		members[i] = c.Member
	}
	return members
}

// dominant is the field that wins a name, of those that have it, nearest first.
func dominant(all []candidate) (candidate, bool) {
	nearest := slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return c.depth > all[0].depth })
	tagged := slices.DeleteFunc(slices.Clone(nearest), func(c candidate) bool { return !c.Field.Tagged })
	if len(tagged) > 0 {
		nearest = tagged
	}
	return nearest[0], len(nearest) == 1
}

// reach is an embedded struct that is looked into.
type reach struct {
	at       *Type
	index    []int
	path     []*Field
	embedded bool // by a pointer
	several  bool // it stands more than once in its level
}

// candidates are the fields of t and of the structs that it embeds, level by
// level. It passes over a struct that was seen above. If a struct stands several
// times in one level, its fields count twice, so that they annul each other.
func (t *Type) candidates() (all []candidate) {
	seen := map[any]bool{}
	level := []*reach{{at: t}}
	for depth := 0; len(level) > 0 && t.table.ctx.Err() == nil; depth++ {
		var next []*reach
		found := map[any]*reach{}
		for _, r := range level {
			seen[gotype.Identity(r.at.Go)] = true
		}
		for _, r := range level {
			for i, f := range r.at.Fields() {
				index, path := append(slices.Clip(r.index), i), append(slices.Clip(r.path), f)
				if _, ok := f.member(); ok {
					if f.Var.Name() == "_" {
						continue
					}
					c := candidate{Member{f, path, r.embedded}, depth, index}
					if all = append(all, c); r.several {
						all = append(all, c)
					}
					continue
				}
				if f.Omitted || !f.Var.Embedded() || !f.embeds() {
					continue
				}
				elem, pointer := gotype.Pointee(f.Var.Type())
				key := gotype.Identity(elem)
				switch twin := found[key]; {
				case seen[key]:
				case twin != nil:
					twin.several = true
				default:
					found[key] = &reach{t.table.Of(elem), index, path, r.embedded || pointer, false}
					next = append(next, found[key])
				}
			}
		}
		level = next
	}
	return all
}

// OmitsEmpty reports whether the member may be left out: its tag says so for an
// empty value, and the value can be empty. For omitempty a struct never is, nor an
// array that has elements.
func (f *Field) OmitsEmpty() bool {
	if slices.Contains(f.Options, "omitzero") {
		return true
	}
	if !slices.Contains(f.Options, "omitempty") {
		return false
	}
	switch u := f.Var.Type().Underlying().(type) {
	case *types.Struct:
		return false
	case *types.Array:
		return u.Len() == 0
	}
	return true
}

// NeverNull reports whether a member that is there is never null: its tag leaves
// out every value that would be written so. What a pointer leads to may be null by
// itself, and a method may call a nil value not zero.
func (f *Field) NeverNull() bool {
	typ := f.Var.Type()
	if p, ok := typ.Underlying().(*types.Pointer); ok && nullable(p.Elem()) {
		return false
	}
	return slices.Contains(f.Options, "omitempty") && f.OmitsEmpty() ||
		slices.Contains(f.Options, "omitzero") && gotype.Method(typ, "IsZero") == nil
}
