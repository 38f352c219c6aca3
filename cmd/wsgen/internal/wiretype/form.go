package wiretype

import (
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// Reason is why JSON has no form for a type.
type Reason uint8

// The reasons. The zero value is none.
const (
	_ Reason = iota
	Channel
	Function
	Complex
	UnsafePointer
	Methods // an interface with methods does not say what to decode
	MapKey  // the keys of a JSON object are strings or integers
)

// Flaw is a part of a type that has no form in JSON.
type Flaw struct {
	Why  Reason
	Path []*Field // the fields that lead to it, from the outside in
}

// Flaws are the parts of typ that have no form in JSON, each field of a struct
// once. An interface with methods is one only of data that is decoded, and only
// outside of structs.
func (t *Table) Flaws(typ types.Type, w Way) []Flaw { return t.flaws(typ, w, w == In) }

// Lacks reports whether a part of typ, itself a part of a payload, has no form
// in JSON.
func (t *Table) Lacks(typ types.Type, w Way) bool { return len(t.flaws(typ, w, false)) > 0 }

func (t *Table) flaws(typ types.Type, w Way, methods bool) []Flaw {
	f := forms{Trail: gotype.NewTrail(t.ctx), table: t, way: w, methods: methods}
	f.walk(typ, nil)
	return f.found
}

// forms is one look for flaws.
type forms struct {
	*gotype.Trail
	table   *Table
	way     Way
	methods bool
	found   []Flaw
}

func (s *forms) flaw(why Reason, path []*Field) {
	if why != 0 {
		s.found = append(s.found, Flaw{why, path})
	}
}

// walk notes the flaws of t, which path leads to.
func (s *forms) walk(t types.Type, path []*Field) {
	if !s.In(t) {
		return
	}
	defer s.Out(t)
	at := s.table.Of(t)
	if at.Coder(s.way) != "" {
		return
	}
	if at.structure() == nil { // each field of it is a mistake of its own
		defer s.Forget(t)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		s.walk(u.Elem(), path)
	case *types.Slice:
		s.walk(u.Elem(), path)
	case *types.Array:
		s.walk(u.Elem(), path)
	case *types.Map:
		s.flaw(s.table.badKey(u.Key()), path)
		s.walk(u.Elem(), path)
	case *types.Interface:
		if s.methods && len(path) == 0 && !u.Empty() {
			s.flaw(Methods, path)
		}
	case *types.Struct:
		for _, f := range at.Fields() {
			if f.Var.Exported() && !f.Omitted {
				s.walk(f.Var.Type(), append(slices.Clip(path), f))
			}
		}
	default:
		s.flaw(formless(u), path)
	}
}

// formless says why JSON has no form for a type, looking at the type alone.
func formless(u types.Type) Reason {
	switch u := u.(type) {
	case *types.Chan:
		return Channel
	case *types.Signature:
		return Function
	case *types.Basic:
		switch {
		case u.Info()&types.IsComplex != 0:
			return Complex
		case u.Kind() == types.UnsafePointer:
			return UnsafePointer
		}
	}
	return 0
}

func (t *Table) badKey(key types.Type) Reason {
	if takesBytes(gotype.Method(key, "UnmarshalText")) || t.Of(key).Coder(Out) != "" {
		return 0
	}
	if b, ok := key.Underlying().(*types.Basic); ok && b.Info()&(types.IsString|types.IsInteger) != 0 {
		return 0
	}
	return MapKey
}
