package wiretype

import (
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
)

// name gives each Def its name: that of the Go type, behind that of its package
// where two have one or it is taken, and numbered by import path where that is not
// enough.
func (s *Shapes) name(taken func(name string) bool) {
	for _, d := range s.order {
		d.model.Name = joined(d.of)
	}
	for _, clash := range s.clashes(taken) {
		for _, d := range clash {
			d.model.Name = camel.Upper(d.of.Obj().Pkg().Name()) + d.model.Name
		}
	}
	for _, clash := range s.clashes(taken) {
		slices.SortStableFunc(clash, func(a, b *def) int {
			return strings.Compare(types.TypeString(a.of, nil), types.TypeString(b.of, nil))
		})
		if !taken(clash[0].model.Name) {
			clash = clash[1:]
		}
		for _, d := range clash {
			d.model.Name = s.free(d.model.Name, taken)
		}
	}
}

// free is name, numbered if it is taken, or a Def has it.
func (s *Shapes) free(name string, taken func(name string) bool) string {
	if s.used == nil {
		s.used = map[string]bool{}
		for _, d := range s.order {
			s.used[d.model.Name] = true
		}
	}
	in := func(name string) bool { return s.used[name] || taken(name) }
	if in(name) {
		n := 2
		for in(name + strconv.Itoa(n)) {
			n++
		}
		name += strconv.Itoa(n)
	}
	s.used[name] = true
	return name
}

// clashes are the Defs that have one name, or one that is taken, by that.
func (s *Shapes) clashes(taken func(name string) bool) [][]*def {
	byName := map[string][]*def{}
	for _, d := range s.order {
		byName[d.model.Name] = append(byName[d.model.Name], d)
	}
	var all [][]*def
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if len(byName[name]) > 1 || taken(name) {
			all = append(all, byName[name])
		}
	}
	return all
}

// joined is the name of a type with those of its arguments: PageLine.
func joined(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		name := camel.Upper(t.Obj().Name())
		for a := range t.TypeArgs().Types() {
			name += joined(a)
		}
		return name
	case *types.Basic:
		return camel.Upper(t.Name())
	case *types.Pointer:
		return joined(t.Elem())
	case *types.Slice:
		if b, ok := t.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 {
			return "Bytes"
		}
		return joined(t.Elem()) + "List"
	case *types.Array:
		return joined(t.Elem()) + "List"
	case *types.Map:
		return joined(t.Elem()) + "Map"
	}
	return "Any"
}
