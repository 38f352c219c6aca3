package wiretype

import (
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// CodecMember is a member of the object that a struct becomes, for generated code.
type CodecMember struct {
	Member
	Quoted bool             // by the option string
	When   []model.Presence // all have to hold, or it is not written
}

// structCodec understands the names and options that have one meaning only. All
// others are left to encoding/json, together with the struct.
func (t *Type) structCodec() *Codec {
	c := &Codec{Kind: model.CodecStruct}
	if !t.embedding(c, true, map[any]bool{}) {
		return nil
	}
	for _, m := range t.Members() {
		member, ok := t.table.codecMember(m)
		if !ok {
			return nil
		}
		c.Members = append(c.Members, member)
	}
	return c
}

// embedding notes the structs that t embeds, at any depth. It reports whether they
// are the same in every build, and generated code can do with them what encoding/json
// does. It looks at those that do not travel, too, since methods are promoted
// from them.
func (t *Type) embedding(c *Codec, travel bool, seen map[any]bool) bool {
	seen[gotype.Identity(t.Go)] = true
	for _, f := range t.Fields() {
		if !f.Var.Embedded() {
			continue
		}
		elem, pointer := gotype.Pointee(f.Var.Type())
		if !(f.Omitted && ofGo(elem)) && (t.table.varies(f.Var.Type(), Coders()...) || t.table.varies(elem, Coders()...)) {
			return false // but Go's locks and their like have no JSON in any version
		}
		if !f.embeds() {
			continue
		}
		named, ok := types.Unalias(elem).(*types.Named)
		if !ok || instance(named) || !f.Omitted && !f.Var.Exported() && (pointer || f.Tagged) {
			return false
		}
		if seen[gotype.Identity(named)] {
			continue
		}
		travels := travel && !f.Omitted && !f.Tagged
		if travels {
			c.Embedded = append(c.Embedded, named)
		}
		if !t.table.Of(named).embedding(c, travels, seen) {
			return false
		}
	}
	return true
}

func (t *Table) codecMember(m Member) (CodecMember, bool) {
	f, typ := m.Field, m.Field.Var.Type()
	member := CodecMember{Member: m}
	if f.Unfit != "" || f.unknown() || strings.ContainsFunc(f.Name, odd) {
		return member, false
	}
	for _, option := range f.Options {
		ok := true
		switch option {
		case "":
		case "omitempty":
			ok = !t.varies(typ) || ofGo(typ) // no version of Go has another kind of type there
			member.only(notEmpty(typ))
		case "omitzero":
			ok = !t.varies(typ, "IsZero") && !t.varies(gotype.Deref(typ), "IsZero") && member.onlyUnlessZero(typ)
		case "string":
			member.Quoted, ok = t.quoted(typ)
		default:
			ok = false
		}
		if !ok {
			return member, false
		}
	}
	return member, true
}

// odd reports whether generated code leaves a name with c to encoding/json. The
// first three are escaped for HTML elsewhere. The others are letters beyond ASCII
// that encoding/json takes for the letters s and k, since it does not tell cases
// apart.
func odd(c rune) bool { return strings.ContainsRune("<>&\u017f\u212a", c) }

// quoted says what the option string does to a field of type typ; not ok if that
// is left to encoding/json.
func (t *Table) quoted(typ types.Type) (quoted, ok bool) {
	elem := gotype.Deref(typ)
	if t.varies(typ) || t.varies(elem) {
		return false, false
	}
	if _, scalar := elem.Underlying().(*types.Basic); !scalar {
		return false, true // it does nothing
	}
	c := t.Of(elem).Codec()
	return true, c != nil && c.Kind != model.CodecString
}

// only has the member written only if p holds.
func (m *CodecMember) only(p model.Presence) {
	if p != model.PresentAlways && !slices.Contains(m.When, p) {
		m.When = append(m.When, p)
	}
}

// notEmpty is when a value of typ is not empty, for omitempty: encoding/json knows
// nothing but kinds there.
func notEmpty(typ types.Type) model.Presence {
	switch u := typ.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsComplex == 0 {
			return present(u)
		}
	case *types.Slice, *types.Map:
		return model.PresentElems
	case *types.Array:
		if u.Len() == 0 {
			return model.PresentNever
		}
	case *types.Pointer, *types.Interface:
		return model.PresentNotNil
	}
	return model.PresentAlways
}

// onlyUnlessZero has the member written only if it is not zero, for omitzero. It is
// false if that is left to encoding/json.
func (m *CodecMember) onlyUnlessZero(typ types.Type) bool {
	if sig := gotype.Method(typ, "IsZero"); sig != nil {
		if _, pointer := gotype.Pointee(typ); pointer {
			m.only(model.PresentNotNil)
		}
		m.only(model.PresentByMethod)
		return !types.IsInterface(typ) && sig.Params().Len() == 0 && sig.Results().Len() == 1 &&
			types.Identical(sig.Results().At(0).Type(), types.Typ[types.Bool])
	}
	switch u := typ.Underlying().(type) {
	case *types.Basic:
		m.only(present(u))
		return u.Kind() != types.UnsafePointer
	case *types.Slice, *types.Map, *types.Pointer, *types.Interface, *types.Chan, *types.Signature:
		m.only(model.PresentNotNil)
		return true
	}
	m.only(model.PresentNotZero)
	return types.Comparable(typ)
}

// present is when a scalar is not zero.
func present(b *types.Basic) model.Presence {
	switch info := b.Info(); {
	case info&types.IsString != 0:
		return model.PresentText
	case info&types.IsBoolean != 0:
		return model.PresentTrue
	case info&types.IsNumeric != 0:
		return model.PresentNumber
	}
	return model.PresentAlways
}
