package wiretype

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Source knows what a Contract needs and types do not tell.
type Source interface {
	// Doc is the comment of a type, a field or a constant.
	Doc(obj types.Object) model.Doc
	// Whole is pkg with its whole scope. A package that is only imported indirectly
	// has a part of it.
	Whole(pkg *types.Package) *types.Package
	Position(pos token.Pos) token.Position
	// Override is what a type that writes its own JSON is said to be in it.
	Override(obj *types.TypeName) (Override, bool)
	// Examples are values of a type, as JSON.
	Examples(obj *types.TypeName) []string
}

// Override is what the JSON of a type is that writes it itself: that of another
// type.
type Override struct {
	Type   types.Type
	Format string // "" is that of Type
}

// Shapes makes the shapes of one contract. Each declared type gets one Def,
// whatever way it goes.
type Shapes struct {
	table  *Table
	source Source
	defs   map[any]*def // by gotype.Identity, aliases resolved
	order  []*def
	within map[any]bool // declared pointers that are being looked through
	opaque []*types.TypeName
	used   map[string]bool // names, once they are given

	inherited []Inherited
}

// Shapes begins a contract.
func (t *Table) Shapes(source Source) *Shapes {
	return &Shapes{table: t, source: source, defs: map[any]*def{}, within: map[any]bool{}}
}

// Shape is what typ is in JSON if values of it go that way.
func (s *Shapes) Shape(typ types.Type, w Way) *model.Shape {
	typ = types.Unalias(typ)
	if known := special(typ, w); known != nil {
		return known
	}
	if known := s.overridden(typ, w); known != nil {
		return known
	}
	if known := s.own(typ, w); known != nil {
		return known
	}
	if named, ok := typ.(*types.Named); ok {
		if shape := s.declared(named, w); shape != nil {
			return shape
		}
	}
	return s.literal(typ, w)
}

// anything is the shape of what nothing is known of.
func anything() *model.Shape {
	return &model.Shape{Kind: model.ShapeAny, Null: true, Go: "json.RawMessage"}
}

// Known reports whether typ is a type of the standard library whose JSON needs no
// Override, and has none.
func Known(typ types.Type) bool { return special(typ, In) != nil || special(typ, Out) != nil }

// special is the shape of a type of the standard library that says more about
// itself than its methods do; nil if typ is none. Each call returns a new one.
func special(typ types.Type, w Way) *model.Shape {
	switch {
	case gotype.Is(typ, "time", "Time"):
		return &model.Shape{Kind: model.ShapeString, Format: "date-time", Go: "time.Time"}
	case gotype.Is(typ, "time", "Duration"):
		return &model.Shape{Kind: model.ShapeInteger, Format: "int64", Go: "time.Duration"}
	case gotype.Is(typ, "math/big", "Int") && w == In:
		return &model.Shape{Kind: model.ShapeInteger, Go: "big.Int"}
	case gotype.IsPointer(typ, "math/big", "Int"):
		return &model.Shape{Kind: model.ShapeInteger, Null: true, Go: "big.Int"}
	case gotype.Is(typ, "encoding/json", "Number"):
		return &model.Shape{Kind: model.ShapeNumber, Go: "json.Number"}
	case gotype.Is(typ, "encoding/json", "RawMessage"):
		return anything()
	}
	if elem, ok := gotype.Pointee(typ); ok && !gotype.Is(elem, "math/big", "Int") {
		if known := special(elem, w); known != nil {
			known.Null = true
			return known
		}
	}
	return nil
}

// own is the shape of a type that goes the way w by a method of its own; nil if it
// has none. It is a string if the method is for texts, else anything. It is
// anything, too, if the form depends on whether there is a pointer to the value.
func (s *Shapes) own(typ types.Type, w Way) *model.Shape {
	at := s.table.Of(typ)
	switch coder := at.Coder(w); {
	case coder == "":
		return nil
	case w == Out && at.Unaddressed() != "":
	case coder == "MarshalText" || coder == "UnmarshalText":
		return &model.Shape{Kind: model.ShapeString, Null: mayBeNil(typ)}
	default:
		s.note(gotype.Named(gotype.Deref(typ)))
	}
	return anything()
}

// note remembers a type of which nothing is known but that it writes itself.
func (s *Shapes) note(obj *types.TypeName) {
	if obj != nil && obj.Pkg() != nil && !types.IsInterface(obj.Type()) && !slices.Contains(s.opaque, obj) {
		s.opaque = append(s.opaque, obj)
	}
}

// Opaque are the types that write or read their own JSON and do not say what it is,
// by first use.
func (s *Shapes) Opaque() []*types.TypeName { return s.opaque }

// overridden is the shape of a type that says what its JSON is, or of a pointer to
// one; nil if it is none.
func (s *Shapes) overridden(typ types.Type, w Way) *model.Shape {
	if elem, ok := gotype.Pointee(typ); ok {
		if shape := s.overridden(elem, w); shape != nil {
			shape.Null = true
			return shape
		}
		return nil
	}
	named, ok := types.Unalias(typ).(*types.Named)
	if !ok {
		return nil
	}
	o, ok := s.source.Override(named.Obj())
	if !ok || s.within[gotype.Identity(named)] {
		return nil
	}
	s.within[gotype.Identity(named)] = true // it may name itself
	defer delete(s.within, gotype.Identity(named))
	shape := s.Shape(o.Type, w)
	if o.Format != "" {
		shape.Format, shape.Go = o.Format, ""
	}
	return shape
}

// mayBeNil reports whether a value of typ is null without a method being asked.
func mayBeNil(typ types.Type) bool {
	switch typ.Underlying().(type) {
	case *types.Pointer, *types.Interface:
		return true
	}
	return false
}

// nullable reports whether a value of typ may be null: nothing tells a nil slice
// or map from one without elements.
func nullable(typ types.Type) bool {
	switch typ.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Map, *types.Interface:
		return true
	}
	return false
}

// literal is the shape of a type by its underlying type.
func (s *Shapes) literal(typ types.Type, w Way) *model.Shape {
	shape := &model.Shape{Null: nullable(typ)}
	switch u := typ.Underlying().(type) {
	case *types.Basic:
		shape.Kind, shape.Format = basic(u)
	case *types.Pointer:
		return s.pointer(typ, u, w)
	case *types.Slice:
		if s.table.inBase64(u.Elem(), w) {
			shape.Kind, shape.Format = model.ShapeString, "byte"
			break
		}
		shape.Kind, shape.Elem = model.ShapeArray, s.Shape(u.Elem(), w)
	case *types.Array:
		shape.Kind, shape.Len, shape.Elem = model.ShapeTuple, u.Len(), s.Shape(u.Elem(), w)
	case *types.Map:
		shape.Kind, shape.Key, shape.Elem = model.ShapeMap, s.key(u.Key(), w), s.Shape(u.Elem(), w)
	case *types.Struct:
		shape.Kind, shape.Fields = model.ShapeObject, s.members(typ, w)
	}
	return shape
}

// pointer is the shape of what a pointer leads to, or null. A pointer may be
// declared to lead to itself.
func (s *Shapes) pointer(typ types.Type, p *types.Pointer, w Way) *model.Shape {
	key := gotype.Identity(typ)
	if s.within[key] {
		return anything()
	}
	s.within[key] = true
	shape := s.Shape(p.Elem(), w)
	delete(s.within, key)
	shape.Null = true
	return shape
}

// inBase64 reports whether a slice with such elements is written, or read, as a
// string. encoding/json writes those of bytes so, unless a byte writes itself, and
// reads a string into any.
func (t *Table) inBase64(elem types.Type, w Way) bool {
	b, ok := elem.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8 && t.Of(elem).Coder(w) == ""
}

// key is the shape of the names of an object's members: a string, whatever methods
// for JSON the type has, or an integer that is written as one.
func (s *Shapes) key(typ types.Type, w Way) *model.Shape {
	typ = types.Unalias(typ)
	known := special(typ, w)
	b, scalar := typ.Underlying().(*types.Basic)
	switch {
	case known != nil && known.Kind == model.ShapeString:
		return known
	case textKey(typ, w) || !scalar:
		return &model.Shape{Kind: model.ShapeString}
	}
	if named, ok := typ.(*types.Named); ok && known == nil && !s.table.Of(typ).codes() {
		if shape := s.declared(named, w); shape != nil {
			return shape
		}
	}
	kind, format := basic(b)
	return &model.Shape{Kind: kind, Format: format}
}

// textKey reports whether a key is a text that a method makes, or reads. Of a string
// that is written, no method is asked.
func textKey(typ types.Type, w Way) bool {
	if w == In {
		return takesBytes(gotype.Method(typ, "UnmarshalText"))
	}
	b, ok := typ.Underlying().(*types.Basic)
	return (!ok || b.Info()&types.IsString == 0) && returnsBytes(gotype.Method(typ, "MarshalText"))
}

func basic(b *types.Basic) (model.ShapeKind, string) {
	switch info := b.Info(); {
	case info&types.IsString != 0:
		return model.ShapeString, ""
	case info&types.IsBoolean != 0:
		return model.ShapeBool, ""
	case info&types.IsInteger != 0:
		return model.ShapeInteger, types.Typ[b.Kind()].Name()
	case b.Kind() == types.Float32:
		return model.ShapeNumber, "float"
	case b.Kind() == types.Float64:
		return model.ShapeNumber, "double"
	}
	return model.ShapeAny, ""
}

// members are those of a struct.
func (s *Shapes) members(typ types.Type, w Way) []*model.Member {
	var all []*model.Member
	for _, m := range s.table.Of(typ).Members() {
		f := m.Field
		member := &model.Member{
			Name: f.Name, Go: f.Var.Name(), Doc: s.source.Doc(f.Var), Pos: s.source.Position(f.Var.Pos()),
			Shape: s.Shape(f.Var.Type(), w), Optional: m.Embedded || f.OmitsEmpty(),
		}
		member.Rules, member.Required = rules(f)
		_, member.Pointer = gotype.Pointee(f.Var.Type())
		member.OmitEmpty, member.OmitZero = slices.Contains(f.Options, "omitempty"), slices.Contains(f.Options, "omitzero")
		if gotype.Is(gotype.Deref(f.Var.Type()), "time", "Duration") {
			member.Doc.Text = strings.TrimSpace(member.Doc.Text + "\n\nIn nanoseconds.")
		}
		if w == Out && f.NeverNull() {
			member.Shape.Null = false
		}
		if slices.Contains(f.Options, "string") && f.quotes(s.table, w) {
			member.Shape.Quoted = true
		}
		if member.Optional {
			s.MayLack(member.Name, f.Var, member.Shape)
		}
		all = append(all, member)
	}
	return all
}
