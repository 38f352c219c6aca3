package wiretype

import (
	"go/types"
	"strconv"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Codec is how generated code can read and write a type itself, and still do what
// encoding/json does. It tells of the type alone: what the type is made of has
// Codecs of its own, or none.
type Codec struct {
	Kind    model.CodecKind
	Elem    types.Type    // of a slice, an array, a map or a pointer
	Key     types.Type    // of a map
	Members []CodecMember // of a struct, in their order
	// Embedded are the structs that members come from besides, each once.
	Embedded []*types.Named
}

// Codec returns how generated code can read and write t; nil if that is left to
// encoding/json. A type that another build may declare otherwise is left to it,
// too. For generated code is the same in every build, and encoding/json sees what
// the type is in the one that runs. The caller remembers it: each call looks anew.
func (t *Type) Codec() *Codec {
	if t.table.varies(t.Go, Coders()...) {
		return nil
	}
	typ := types.Unalias(t.Go)
	if p, ok := typ.(*types.Pointer); ok { // its methods are those of what it points to
		return &Codec{Kind: model.CodecPointer, Elem: p.Elem()}
	}
	switch {
	case gotype.Is(typ, "time", "Time"):
		return &Codec{Kind: model.CodecTime}
	case gotype.Is(typ, "encoding/json", "RawMessage"):
		return &Codec{Kind: model.CodecRaw}
	case gotype.Is(typ, "encoding/json", "Number"), instance(typ), t.codes():
		return nil
	}
	switch u := typ.Underlying().(type) {
	case *types.Basic:
		return scalar(u)
	case *types.Slice:
		return t.sliceCodec(u)
	case *types.Array:
		return &Codec{Kind: model.CodecArray, Elem: u.Elem()}
	case *types.Map:
		return t.mapCodec(u)
	case *types.Struct:
		return t.structCodec()
	}
	return nil
}

// instance reports whether t is an instance of a generic type.
func instance(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.TypeArgs().Len() > 0
}

// scalar returns the Codec of a string, boolean or number.
func scalar(b *types.Basic) *Codec {
	switch kind, info := b.Kind(), b.Info(); {
	case kind == types.Uintptr || kind == types.Invalid:
		return nil
	case kind == types.Float32:
		return &Codec{Kind: model.CodecFloat32}
	case kind == types.Float64:
		return &Codec{Kind: model.CodecFloat64}
	case info&types.IsString != 0:
		return &Codec{Kind: model.CodecString}
	case info&types.IsBoolean != 0:
		return &Codec{Kind: model.CodecBool}
	case info&types.IsUnsigned != 0:
		return &Codec{Kind: model.CodecUint}
	case info&types.IsInteger != 0:
		return &Codec{Kind: model.CodecInt}
	}
	return nil
}

// sliceCodec knows that a slice of bytes is a string in JSON. One of bytes that are
// a type of their own is left to encoding/json.
func (t *Type) sliceCodec(s *types.Slice) *Codec {
	b, ok := s.Elem().Underlying().(*types.Basic)
	switch {
	case !ok || b.Kind() != types.Uint8:
		return &Codec{Kind: model.CodecSlice, Elem: s.Elem()}
	case t.table.varies(s.Elem()) || gotype.Named(s.Elem()) != nil:
		return nil
	}
	return &Codec{Kind: model.CodecBytes}
}

// mapCodec takes keys that are strings as they stand. encoding/json has no pointers
// to the values of a map, and generated code has some.
func (t *Type) mapCodec(m *types.Map) *Codec {
	key, ok := m.Key().Underlying().(*types.Basic)
	if !ok || key.Info()&types.IsString == 0 || t.table.varies(m.Key(), Coders()...) || t.table.Of(m.Key()).codes() ||
		t.table.byAddress(m.Elem(), map[types.Type]bool{}) {
		return nil
	}
	return &Codec{Kind: model.CodecMap, Key: m.Key(), Elem: m.Elem()}
}

// byAddress reports whether encoding/json may write a part of a value of typ
// otherwise where it has no pointer to the value.
func (t *Table) byAddress(typ types.Type, seen map[types.Type]bool) bool {
	at := t.Of(typ)
	switch {
	case seen[typ]: // Go does not take such a type
		return true
	case at.Unaddressed() != "" || t.varies(typ, Coders()...):
		return true
	case at.Coder(Out) != "":
		return false
	}
	seen[typ] = true
	defer delete(seen, typ)
	switch u := typ.Underlying().(type) {
	case *types.Array:
		return t.byAddress(u.Elem(), seen)
	case *types.Struct:
		for _, f := range at.Fields() {
			if f.travels() && t.byAddress(f.Var.Type(), seen) {
				return true
			}
		}
	}
	return false
}

// Key identifies typ: two types have one key if they are the same in every build.
func (t *Table) Key(typ types.Type) string {
	switch u := typ.(type) {
	case *types.Alias:
		if !t.varies(u) {
			return t.Key(types.Unalias(u))
		}
	case *types.Basic:
		return types.Typ[u.Kind()].Name() // byte is uint8
	case *types.Pointer:
		return "*" + t.Key(u.Elem())
	case *types.Slice:
		return "[]" + t.Key(u.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(u.Len(), 10) + "]" + t.Key(u.Elem())
	case *types.Map:
		return "map[" + t.Key(u.Key()) + "]" + t.Key(u.Elem())
	}
	return types.TypeString(typ, nil)
}
