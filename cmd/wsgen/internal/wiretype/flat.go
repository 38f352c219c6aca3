package wiretype

import (
	"go/types"
	"slices"
	"strings"
	"unicode"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Flat is a type so simple that generated code can read and write its JSON and
// still do what encoding/json does.
type Flat struct {
	Kind   model.FlatKind
	Named  *types.Named  // FlatStruct: the declared type, aliases resolved
	Struct *types.Struct // FlatStruct: what it is declared as
	Fields []model.FlatField
	Elem   *Flat // FlatSlice: the struct
}

// Flat returns how generated code may read and write t; nil if that is left to
// encoding/json. A type that another build may declare otherwise is left to it,
// too. For generated code is the same in every build, and encoding/json sees what
// the type is in the one that runs.
func (t *Type) Flat() *Flat {
	if !t.flatness {
		t.flat, t.flatness = t.flatten(), true
	}
	return t.flat
}

func (t *Type) flatten() *Flat {
	if t.table.varies(t.Go, Coders()...) || t.codes() {
		return nil
	}
	switch u := t.Go.Underlying().(type) {
	case *types.Basic:
		return t.scalar()
	case *types.Slice:
		if _, unnamed := types.Unalias(t.Go).(*types.Slice); !unnamed {
			return nil // it may be made of itself
		}
		if elem := t.table.Of(u.Elem()).Flat(); elem != nil && elem.Kind == model.FlatStruct {
			return &Flat{Kind: model.FlatSlice, Elem: elem}
		}
	case *types.Struct:
		return t.flatStruct(u)
	}
	return nil
}

func (t *Type) flatStruct(s *types.Struct) *Flat {
	named, ok := types.Unalias(t.Go).(*types.Named)
	if !ok || named.TypeArgs().Len() > 0 {
		return nil
	}
	flat := &Flat{Kind: model.FlatStruct, Named: named, Struct: s}
	for _, f := range t.Fields() {
		switch {
		case f.Var.Embedded():
			return nil
		case !f.Var.Exported() || f.Omitted:
			continue
		}
		field, ok := t.table.flatField(f)
		if !ok || slices.ContainsFunc(flat.Fields, func(other model.FlatField) bool { return other.JSON == field.JSON }) {
			return nil
		}
		flat.Fields = append(flat.Fields, field)
	}
	if len(flat.Fields) == 0 {
		return nil
	}
	return flat
}

// flatField understands the names and options that have one meaning only. All
// others are left to encoding/json.
func (t *Table) flatField(f *Field) (model.FlatField, bool) {
	typ := f.Var.Type()
	kind := t.Of(typ).scalar()
	if kind == nil || f.Unfit != "" {
		return model.FlatField{}, false
	}
	field := model.FlatField{Name: f.Var.Name(), JSON: f.Name, Kind: kind.Kind}
	for _, option := range f.Options {
		switch {
		case option == "":
		case option == "omitempty", option == "omitzero" && gotype.Method(typ, "IsZero") == nil && !t.varies(typ, "IsZero"):
			field.OmitEmpty = true
		default:
			return field, false
		}
	}
	odd := func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_-.$", c)
	}
	return field, !strings.ContainsFunc(f.Name, odd)
}

// scalar returns the Flat of a string, boolean or number; nil if t is none or
// has JSON of its own, or may have in another build.
func (t *Type) scalar() *Flat {
	b, ok := t.Go.Underlying().(*types.Basic)
	if !ok || t.table.varies(t.Go, Coders()...) || t.codes() || gotype.Is(t.Go, "encoding/json", "Number") {
		return nil
	}
	switch kind, info := b.Kind(), b.Info(); {
	case kind == types.Uintptr || kind == types.Invalid:
		return nil
	case kind == types.Float32:
		return &Flat{Kind: model.FlatFloat32}
	case kind == types.Float64:
		return &Flat{Kind: model.FlatFloat64}
	case info&types.IsString != 0:
		return &Flat{Kind: model.FlatString}
	case info&types.IsBoolean != 0:
		return &Flat{Kind: model.FlatBool}
	case info&types.IsUnsigned != 0:
		return &Flat{Kind: model.FlatUint}
	case info&types.IsInteger != 0:
		return &Flat{Kind: model.FlatInt}
	}
	return nil
}

// Scalar is Flat for a type that has to be a string, a boolean or a number.
func (t *Type) Scalar() *Flat { return t.scalar() }
