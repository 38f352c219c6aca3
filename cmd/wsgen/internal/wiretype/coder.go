package wiretype

import (
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// Coders are the methods that decide about a type's JSON, now or in
// encoding/json/v2.
func Coders() []string {
	return []string{
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText",
		"MarshalJSONTo", "UnmarshalJSONFrom", "AppendText",
	}
}

// Coder is the method of t or *t by which encoding/json reads or writes a value
// of it, promoted ones included; "" if it looks into the value instead.
func (t *Type) Coder(w Way) string {
	if t.coders[w] == nil {
		name := t.coder(w)
		t.coders[w] = &name
	}
	return *t.coders[w]
}

func (t *Type) coder(w Way) string {
	names, fits := []string{"MarshalJSON", "MarshalText"}, returnsBytes
	if w == In {
		names, fits = []string{"UnmarshalJSON", "UnmarshalText"}, takesBytes
	}
	for _, name := range names {
		if fits(gotype.Method(t.Go, name)) {
			return name
		}
	}
	return ""
}

// codes reports whether t has a method that decides about its JSON, whatever its
// signature.
func (t *Type) codes() bool {
	return slices.ContainsFunc(Coders(), func(name string) bool { return gotype.Method(t.Go, name) != nil })
}

// CopyCoder is the method that reads a value of t, if all that it sets is lost:
// it gets a copy of the value, and there is nothing to set behind that. Else it is
// nil. A promoted method does not count, because it is another type's.
func (t *Type) CopyCoder() types.Object {
	switch t.Go.Underlying().(type) {
	case *types.Map, *types.Pointer, *types.Interface: // there is something to set behind the copy
		return nil
	}
	name := t.Coder(In)
	if name == "" {
		return nil
	}
	fn, index, _ := types.LookupFieldOrMethod(t.Go, false, nil, name) // of a value
	if fn == nil || len(index) > 1 {
		return nil
	}
	return fn
}

// Unaddressed is the method that should write the values of a map of t, and
// cannot: its receiver is a pointer, and encoding/json has none to them. "" is
// none.
func (t *Type) Unaddressed() string {
	name := t.Coder(Out)
	if _, pointer := gotype.Pointee(t.Go); name == "" || pointer || types.IsInterface(t.Go) {
		return ""
	}
	if fn, _, _ := types.LookupFieldOrMethod(t.Go, false, nil, name); fn != nil {
		return ""
	}
	return name
}

// Promotion is a struct whose JSON an embedded type decides about: the method is
// promoted, and encoding/json calls it for the whole.
type Promotion struct {
	By   *types.Var   // the embedded field
	Lost []*types.Var // the others that would travel
}

// Promoted says which fields a struct with such a method loses; nil if none.
func (t *Type) Promoted(w Way) *Promotion {
	s := t.structure()
	if s == nil || t.Coder(w) == "" {
		return nil
	}
	_, index, _ := types.LookupFieldOrMethod(types.NewPointer(t.Go), false, nil, t.Coder(w))
	if len(index) < 2 {
		return nil // the method is its own
	}
	p := &Promotion{By: s.Field(index[0])}
	for _, f := range t.Fields() {
		if f.Var != p.By && (f.Var.Exported() || f.Var.Embedded()) && f.Var.Name() != "_" && !f.Omitted {
			p.Lost = append(p.Lost, f.Var)
		}
	}
	if len(p.Lost) == 0 {
		return nil
	}
	return p
}

// returnsBytes reports whether a method returns bytes and something else, as
// MarshalJSON does.
func returnsBytes(sig *types.Signature) bool {
	return sig != nil && sig.Params().Len() == 0 && sig.Results().Len() == 2 && isBytes(sig.Results().At(0).Type())
}

// takesBytes reports whether a method takes bytes and returns an error, as
// UnmarshalJSON does.
func takesBytes(sig *types.Signature) bool {
	return sig != nil && sig.Params().Len() == 1 && isBytes(sig.Params().At(0).Type()) &&
		sig.Results().Len() == 1 && gotype.IsError(sig.Results().At(0).Type())
}

// isBytes reports whether t is a slice of bytes.
func isBytes(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}
