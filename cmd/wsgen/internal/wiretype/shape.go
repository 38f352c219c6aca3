package wiretype

import (
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
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
}

// Shapes makes the shapes of one contract. Each declared type gets one Def,
// whatever way it goes.
type Shapes struct {
	table  *Table
	source Source
	defs   map[any]*model.Def // by gotype.Identity, aliases resolved
	order  []*model.Def
	inside int // declared types that are being described
	of     map[*model.Def]*types.Named
}

// Shapes begins a contract.
func (t *Table) Shapes(source Source) *Shapes {
	return &Shapes{table: t, source: source, defs: map[any]*model.Def{}, of: map[*model.Def]*types.Named{}}
}

// Defs are the declared types of all shapes so far, by first use, with their
// names. Nothing may be added afterwards.
func (s *Shapes) Defs() []*model.Def {
	s.name()
	return s.order
}

// Shape is what typ is in JSON if values of it go that way.
func (s *Shapes) Shape(typ types.Type, w Way) *model.Shape { return s.shape(typ, w) }

func (s *Shapes) shape(typ types.Type, w Way) *model.Shape {
	typ = types.Unalias(typ)
	if known := special(typ); known != nil {
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

// special is the shape of a type of the standard library that says more about
// itself than its methods do; nil if typ is none. Each call returns a new one.
func special(typ types.Type) *model.Shape {
	switch {
	case gotype.Is(typ, "time", "Time"):
		return &model.Shape{Kind: model.ShapeString, Format: "date-time"}
	case gotype.Is(typ, "time", "Duration"):
		return &model.Shape{Kind: model.ShapeInteger, Format: "int64"}
	case gotype.Is(typ, "math/big", "Int"):
		return &model.Shape{Kind: model.ShapeInteger}
	case gotype.Is(typ, "encoding/json", "Number"):
		return &model.Shape{Kind: model.ShapeNumber}
	case gotype.Is(typ, "encoding/json", "RawMessage"):
		return &model.Shape{Kind: model.ShapeAny, Null: true}
	}
	if elem, ok := gotype.Pointee(typ); ok {
		if known := special(elem); known != nil {
			known.Null = true
			return known
		}
	}
	return nil
}

// own is the shape of a type that goes the way w by a method of its own; nil if it
// has none. It is a string if the method is for texts, else anything. It is
// anything, too, if the form depends on whether there is a pointer to the value.
// Inside of a declared type it is anything if only one way has a method: a
// declared type has one shape for both.
func (s *Shapes) own(typ types.Type, w Way) *model.Shape {
	at := s.table.Of(typ)
	in, out := at.Coder(In), at.Coder(Out)
	coder := at.Coder(w)
	switch {
	case in == "" && out == "":
		return nil
	case s.inside > 0 && (in == "" || out == ""), w == Out && at.Unaddressed() != "":
	case coder == "":
		return nil
	case coder == "MarshalText" || coder == "UnmarshalText":
		_, pointer := gotype.Pointee(typ)
		return &model.Shape{Kind: model.ShapeString, Null: pointer}
	}
	return &model.Shape{Kind: model.ShapeAny, Null: true}
}

// declared is a reference to the Def of a declared type. It is nil for an
// interface, for a pointer, and for a scalar without exported constants.
func (s *Shapes) declared(named *types.Named, w Way) *model.Shape {
	key := gotype.Identity(named)
	def := s.defs[key]
	if def == nil {
		_, scalar := named.Underlying().(*types.Basic)
		values := s.values(named)
		switch named.Underlying().(type) {
		case *types.Interface, *types.Pointer:
			return nil
		}
		if scalar && len(values) == 0 {
			return nil
		}
		def = &model.Def{Go: types.TypeString(named, (*types.Package).Name), Doc: s.source.Doc(named.Obj())}
		s.defs[key], s.of[def] = def, named
		s.order = append(s.order, def)
		if scalar {
			def.Shape = &model.Shape{Kind: model.ShapeEnum, Format: s.literal(named, w).Format, Values: values}
		} else {
			s.inside++
			def.Shape = s.literal(named, w)
			s.inside--
			def.Shape.Null = false // the reference says that
		}
	}
	shape := &model.Shape{Kind: model.ShapeRef, Def: def, Null: nullable(named)}
	if w == In && !def.In || w == Out && !def.Out {
		def.In, def.Out = def.In || w == In, def.Out || w == Out
		s.follow(def.Shape, w)
	}
	return shape
}

// follow notes that the declared types which a shape refers to go that way, too.
func (s *Shapes) follow(shape *model.Shape, w Way) {
	if shape == nil {
		return
	}
	if def := shape.Def; def != nil && (w == In && !def.In || w == Out && !def.Out) {
		def.In, def.Out = def.In || w == In, def.Out || w == Out
		s.follow(def.Shape, w)
	}
	s.follow(shape.Elem, w)
	s.follow(shape.Key, w)
	for _, m := range shape.Fields {
		s.follow(m.Shape, w)
	}
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
		shape = s.shape(u.Elem(), w)
		shape.Null = true
	case *types.Slice:
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 && s.table.plainByte(u.Elem()) {
			shape.Kind, shape.Format = model.ShapeString, "byte"
			break
		}
		shape.Kind, shape.Elem = model.ShapeArray, s.shape(u.Elem(), w)
	case *types.Array:
		shape.Kind, shape.Len, shape.Elem = model.ShapeTuple, u.Len(), s.shape(u.Elem(), w)
	case *types.Map:
		shape.Kind, shape.Key, shape.Elem = model.ShapeMap, s.shape(u.Key(), w), s.shape(u.Elem(), w)
	case *types.Struct:
		shape.Kind, shape.Fields = model.ShapeObject, s.members(typ, w)
	}
	return shape
}

// plainByte reports whether a slice of such bytes is written in base64: elem has
// no method of its own.
func (t *Table) plainByte(elem types.Type) bool {
	at := t.Of(elem)
	return at.Coder(In) == "" && at.Coder(Out) == ""
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
			Shape: s.shape(f.Var.Type(), w), Optional: m.Embedded || f.OmitsEmpty(),
		}
		if f.NeverNull() {
			member.Shape.Null = false
		}
		if slices.Contains(f.Options, "string") && f.quotes(s.table) {
			member.Shape.Quoted = true
		}
		all = append(all, member)
	}
	return all
}

// values are the exported constants of a declared string or integer, in the order
// of the source.
func (s *Shapes) values(named *types.Named) []model.Value {
	b, ok := named.Underlying().(*types.Basic)
	pkg := named.Obj().Pkg()
	if !ok || b.Info()&(types.IsString|types.IsInteger) == 0 || pkg == nil {
		return nil
	}
	var consts []*types.Const
	scope := s.source.Whole(pkg).Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && c.Exported() && gotype.Is(c.Type(), pkg.Path(), named.Obj().Name()) {
			consts = append(consts, c)
		}
	}
	slices.SortFunc(consts, func(a, b *types.Const) int {
		pa, pb := s.source.Position(a.Pos()), s.source.Position(b.Pos())
		if c := strings.Compare(pa.Filename, pb.Filename); c != 0 {
			return c
		}
		return pa.Offset - pb.Offset
	})
	var values []model.Value
	for _, c := range consts {
		v := model.Value{Go: c.Name(), Doc: s.source.Doc(c)}
		if c.Val().Kind() == constant.String {
			v.Text = constant.StringVal(c.Val())
		} else {
			v.Int = c.Val().ExactString()
		}
		values = append(values, v)
	}
	return values
}

// name gives each Def its name: that of the Go type, behind that of its package
// where two have one, and numbered by import path where that is not enough.
func (s *Shapes) name() {
	for _, def := range s.order {
		def.Name = joined(s.of[def])
	}
	for _, clash := range s.clashes() {
		for _, def := range clash {
			def.Name = camel.Upper(s.of[def].Obj().Pkg().Name()) + def.Name
		}
	}
	for _, clash := range s.clashes() {
		slices.SortStableFunc(clash, func(a, b *model.Def) int {
			return strings.Compare(types.TypeString(s.of[a], nil), types.TypeString(s.of[b], nil))
		})
		n := 2
		for _, def := range clash[1:] {
			for s.taken(def.Name + strconv.Itoa(n)) {
				n++
			}
			def.Name += strconv.Itoa(n)
		}
	}
}

// taken reports whether a Def has this name.
func (s *Shapes) taken(name string) bool {
	return slices.ContainsFunc(s.order, func(def *model.Def) bool { return def.Name == name })
}

// clashes are the Defs that have one name, by that.
func (s *Shapes) clashes() [][]*model.Def {
	byName := map[string][]*model.Def{}
	for _, def := range s.order {
		byName[def.Name] = append(byName[def.Name], def)
	}
	var all [][]*model.Def
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if len(byName[name]) > 1 {
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
