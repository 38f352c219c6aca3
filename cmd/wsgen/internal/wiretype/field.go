package wiretype

import (
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// Field is one field of a struct, and what its tag makes of it.
type Field struct {
	Var *types.Var
	Tag string // the whole tag, without its quotes

	Omitted bool     // by the tag json:"-"
	Name    string   // of the member, if it becomes one
	Tagged  bool     // the tag has the name
	Options []string // of the tag, in its order
	Unfit   string   // a name in the tag that encoding/json does not take; "" is none
	Unread  bool     // the tag has a key json that encoding/json does not understand
}

// Fields are the fields of the struct that t is, in its order; nil if it is none.
func (t *Type) Fields() []*Field {
	s := t.structure()
	if s == nil || t.fields != nil {
		return t.fields
	}
	t.fields = make([]*Field, s.NumFields())
	for i := range t.fields {
		t.fields[i] = newField(s.Field(i), s.Tag(i))
	}
	return t.fields
}

func newField(v *types.Var, tag string) *Field {
	json, ok := reflect.StructTag(tag).Lookup("json")
	f := &Field{Var: v, Tag: tag, Name: v.Name(), Omitted: json == "-"}
	f.Unread = !ok && strings.Contains(strings.ToLower(tag), "json:")
	name, options, _ := strings.Cut(json, ",")
	if takenName(name) {
		f.Name, f.Tagged = name, true
	} else {
		f.Unfit = name
	}
	if options != "" {
		f.Options = strings.Split(options, ",")
	}
	return f
}

// takenName reports whether encoding/json takes a name from a tag.
func takenName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c)
	})
}

// unknown reports whether nothing can be said about the field: it has no name,
// or Go does not know its type.
func (f *Field) unknown() bool { return f.Var.Name() == "_" || gotype.Invalid(f.Var.Type()) }

// travels reports whether encoding/json looks at the field's value: as a member,
// or for the members of what it embeds.
func (f *Field) travels() bool {
	return !f.Omitted && !f.unknown() && (f.Var.Exported() || f.Var.Embedded() && f.embeds())
}

// embeds reports whether the type of an embedded field is a struct, or a pointer
// to one.
func (f *Field) embeds() bool {
	_, ok := gotype.Deref(f.Var.Type()).Underlying().(*types.Struct)
	return ok
}

// member is the name of the member that the field becomes. A struct that is
// embedded becomes none, but its fields do.
func (f *Field) member() (name string, ok bool) {
	embedded := f.Var.Embedded() && f.embeds()
	switch {
	case f.Omitted, !f.Var.Exported() && !embedded:
		return "", false
	case f.Tagged:
		return f.Name, true
	}
	return f.Name, !embedded
}

// quotes reports whether the option string does anything to the field on its ways.
func (f *Field) quotes(table *Table, ways ...Way) bool {
	t := f.Var.Type()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsString|types.IsBoolean|types.IsInteger|types.IsFloat) != 0 &&
		!slices.ContainsFunc(ways, func(w Way) bool { return table.Of(t).Coder(w) != "" })
}
