package wiretype

import (
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Inherited is a member that may be absent, and is called as one that every object in
// JavaScript inherits. TypeScript takes that for it, and so no literal for the type.
type Inherited struct {
	Name string // in JSON
	Var  *types.Var
}

// inherited reports whether every object in JavaScript has a member of this name, by
// the interface Object of TypeScript's libraries.
func inherited(name string) bool {
	return slices.Contains([]string{
		"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf",
	}, name)
}

// MayLack notes a member that may be absent. What may be anything may be a function, too.
func (s *Shapes) MayLack(name string, v *types.Var, shape *model.Shape) {
	if one := (Inherited{name, v}); inherited(name) && shape.Kind != model.ShapeAny && !slices.Contains(s.inherited, one) {
		s.inherited = append(s.inherited, one)
	}
}

// Inherited are those members, by first use.
func (s *Shapes) Inherited() []Inherited { return s.inherited }
