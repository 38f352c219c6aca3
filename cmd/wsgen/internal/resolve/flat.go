package resolve

import (
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// flats finds what of a handler's data and result generated code can read and
// write itself.
func (r *resolver) flats(g *gateway, m *bound, h *model.Handler) {
	from := g.obj.Pkg()
	if h.Result != nil {
		h.ResultFlat = r.flat(m.sig.Results().At(0).Type(), from)
	}
	if len(h.Params) != m.sig.Params().Len() {
		return // one of them is a mistake
	}
	all := true
	for i := range h.Params {
		p := &h.Params[i]
		if p.Role != model.RoleData {
			continue
		}
		t := m.sig.Params().At(i).Type()
		spelled := p.Type.Kind == model.TypePointer // not behind a name
		switch elem, pointer := pointee(t); {
		case h.Data == model.DataWhole:
			if p.Flat = r.flat(t, from); p.Flat != nil && p.Flat.Kind != model.FlatStruct {
				p.Flat = nil
			}
			return
		case h.Data == model.DataNullable:
			return
		case p.Optional == pointer && pointer == spelled:
			p.Flat = r.scalar(elem)
		}
		all = all && p.Flat != nil
	}
	for i := range h.Params {
		if !all || len(h.Params) > 64 { // generated code keeps a bit for each
			h.Params[i].Flat = nil
		}
	}
}

// flat returns how generated code of package from reads and writes t; nil if
// that is left to encoding/json. So is all that another build may have
// otherwise: generated code is the same in every build, and encoding/json sees
// what a type is in the one that runs.
func (r *resolver) flat(t types.Type, from *types.Package) *model.Flat {
	if r.src.Varies(t, coders()...) != source.Same || codes(t) {
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return r.scalar(t)
	case *types.Slice:
		if _, unnamed := types.Unalias(t).(*types.Slice); !unnamed {
			return nil // it may be made of itself
		}
		if elem := r.flat(u.Elem(), from); elem != nil && elem.Kind == model.FlatStruct {
			return &model.Flat{Kind: model.FlatSlice, Elem: elem}
		}
	case *types.Struct:
		return r.flatStruct(t, u, from)
	}
	return nil
}

func (r *resolver) flatStruct(t types.Type, s *types.Struct, from *types.Package) *model.Flat {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.TypeArgs().Len() > 0 {
		return nil
	}
	ref, err := typeRef(named, from)
	if err != nil {
		return nil
	}
	// Generated code repeats the declaration, so that it fails to compile when
	// that has changed since: a new field would be missing on the wire.
	decl, err := typeRef(s, from)
	if err != nil {
		return nil
	}
	f := &model.Flat{Kind: model.FlatStruct, Type: ref, Struct: decl}
	for i := range s.NumFields() {
		v, tag := s.Field(i), reflect.StructTag(s.Tag(i)).Get("json")
		switch {
		case v.Embedded():
			return nil
		case !v.Exported() || tag == "-":
			continue
		}
		field, ok := r.flatField(v, tag)
		if !ok || slices.ContainsFunc(f.Fields, func(other model.FlatField) bool { return other.JSON == field.JSON }) {
			return nil
		}
		f.Fields = append(f.Fields, field)
	}
	if len(f.Fields) == 0 {
		return nil
	}
	return f
}

// flatField understands the names and options that have one meaning only; all
// else is encoding/json's.
func (r *resolver) flatField(v *types.Var, tag string) (model.FlatField, bool) {
	kind := r.scalar(v.Type())
	if kind == nil {
		return model.FlatField{}, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = v.Name()
	}
	field := model.FlatField{Name: v.Name(), JSON: name, Kind: kind.Kind}
	for option := range strings.SplitSeq(options, ",") {
		switch {
		case option == "":
		case option == "omitempty", option == "omitzero" && method(v.Type(), "IsZero") == nil && r.src.Varies(v.Type(), "IsZero") == source.Same:
			field.OmitEmpty = true
		default:
			return field, false
		}
	}
	odd := func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_-.$", c)
	}
	return field, !strings.ContainsFunc(name, odd)
}

// scalar returns the Flat of a string, boolean or number; nil if t is none or
// has JSON of its own, or may have in another build.
func (r *resolver) scalar(t types.Type) *model.Flat {
	b, ok := t.Underlying().(*types.Basic)
	if !ok || r.src.Varies(t, coders()...) != source.Same || codes(t) || is(t, "encoding/json", "Number") {
		return nil
	}
	switch kind, info := b.Kind(), b.Info(); {
	case kind == types.Uintptr || kind == types.Invalid:
		return nil
	case kind == types.Float32:
		return &model.Flat{Kind: model.FlatFloat32}
	case kind == types.Float64:
		return &model.Flat{Kind: model.FlatFloat64}
	case info&types.IsString != 0:
		return &model.Flat{Kind: model.FlatString}
	case info&types.IsBoolean != 0:
		return &model.Flat{Kind: model.FlatBool}
	case info&types.IsUnsigned != 0:
		return &model.Flat{Kind: model.FlatUint}
	case info&types.IsInteger != 0:
		return &model.Flat{Kind: model.FlatInt}
	}
	return nil
}

// codes reports whether t or *t has a method that decides about its JSON, now
// or in encoding/json/v2, whatever its signature.
func codes(t types.Type) bool {
	return slices.ContainsFunc(coders(), func(name string) bool { return method(t, name) != nil })
}

// coders are the methods that decide about a type's JSON.
func coders() []string {
	return []string{
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText",
		"MarshalJSONTo", "UnmarshalJSONFrom", "AppendText",
	}
}
