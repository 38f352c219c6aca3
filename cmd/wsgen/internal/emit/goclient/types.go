package goclient

import (
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// declaration is a declared type with its constants.
func (w *writer) declaration(def *model.Def) []jen.Code {
	name, shape := w.names.defs[def], def.Shape
	_, typ, _ := strings.Cut(def.Go, ".")
	typ, _, _ = strings.Cut(typ, "[")
	decl := gofile.Doc(doc(name+" is "+def.Go+".", renamed(def.Doc, typ, name))...).Type().Id(name)
	switch shape.Kind {
	case model.ShapeEnum:
		return []jen.Code{decl.Add(w.scalar(shape)), w.constants(def)}
	case model.ShapeAny:
		decl = decl.Op("=") // another type would not have the methods of a json.RawMessage
	}
	return []jen.Code{decl.Add(w.base(shape))}
}

// constants are the values of an enum.
func (w *writer) constants(def *model.Def) jen.Code {
	name := w.names.defs[def]
	specs := make([]jen.Code, len(def.Shape.Values))
	for i, v := range def.Shape.Values {
		spec := jen.Empty()
		if lines := paragraphs(nil, v.Doc); len(lines) > 0 {
			spec = gofile.Doc(lines...)
		}
		spec = spec.Id(w.names.consts[def][i]).Id(name).Op("=")
		if v.Int != "" {
			specs[i] = spec.Id(v.Int)
		} else {
			specs[i] = spec.Lit(v.Text)
		}
	}
	return gofile.Doc("The values of " + name + ".").Const().Defs(specs...)
}

// typ is the Go type of a shape: a pointer if null is a value that the type does not
// have.
func (w *writer) typ(s *model.Shape) *jen.Statement {
	if s.Null {
		return w.orNil(s)
	}
	return w.base(s)
}

// orNil is the type of a shape that has nil.
func (w *writer) orNil(s *model.Shape) *jen.Statement {
	if nilable(s) {
		return w.base(s)
	}
	return jen.Op("*").Add(w.base(s))
}

// pointer is a pointer to the type of a shape. What may be any value needs none.
func (w *writer) pointer(s *model.Shape) *jen.Statement {
	if whatever(s) || s.Go == "big.Int" {
		return w.base(s)
	}
	return jen.Op("*").Add(w.base(s))
}

// whatever reports whether a shape holds for any value.
func whatever(s *model.Shape) bool {
	return s.Kind == model.ShapeAny || s.Kind == model.ShapeRef && s.Def.Shape.Kind == model.ShapeAny
}

// nilable reports whether the type of a shape has nil, which is null in JSON.
func nilable(s *model.Shape) bool { return lists(s) || whatever(s) || s.Go == "big.Int" }

// lists reports whether the type of a shape is a slice or a map.
func lists(s *model.Shape) bool {
	if s.Kind == model.ShapeRef {
		s = s.Def.Shape
	}
	return s.Kind == model.ShapeArray || s.Kind == model.ShapeMap || s.Kind == model.ShapeString && s.Format == "byte"
}

// base is the type of a shape without null.
func (w *writer) base(s *model.Shape) *jen.Statement {
	if s.Go != "" {
		return w.standard(s.Go)
	}
	switch s.Kind {
	case model.ShapeAny:
		return jen.Id("any")
	case model.ShapeArray:
		if e := s.Elem; e.Kind == model.ShapeInteger && e.Format == "uint8" && !e.Null {
			return jen.Index().Id("uint16") // encoding/json writes a slice of bytes as a string
		}
		return jen.Index().Add(w.typ(s.Elem))
	case model.ShapeTuple:
		return jen.Index(jen.Id(strconv.FormatInt(s.Len, 10))).Add(w.typ(s.Elem))
	case model.ShapeMap:
		return jen.Map(w.base(s.Key)).Add(w.typ(s.Elem))
	case model.ShapeObject:
		return w.object(s.Fields)
	case model.ShapeRef:
		return jen.Id(w.names.defs[s.Def])
	}
	return w.scalar(s)
}

// standard is a type of the standard library.
func (w *writer) standard(name string) *jen.Statement {
	pkg, name, _ := strings.Cut(name, ".")
	switch pkg {
	case "json":
		return w.Std("encoding/json", name)
	case "big":
		return jen.Op("*").Add(w.Std("math/big", name)) // only a pointer writes itself
	}
	return w.Std(pkg, name)
}

// scalar is a string, a boolean or a number. Integers are named as in Go.
func (w *writer) scalar(s *model.Shape) *jen.Statement {
	switch {
	case s.Kind == model.ShapeBool:
		return jen.Bool()
	case s.Kind == model.ShapeNumber && s.Format == "float":
		return jen.Float32()
	case s.Kind == model.ShapeNumber:
		return jen.Float64()
	case s.Kind == model.ShapeString && s.Format == "byte":
		return jen.Index().Byte()
	case s.Kind == model.ShapeInteger && !integer(s.Format):
		return jen.Int64()
	case s.Kind == model.ShapeInteger || s.Kind == model.ShapeEnum && s.Format != "":
		return jen.Id(s.Format)
	}
	return jen.String()
}

// integer reports whether a format names an integer of Go's. Users may write others.
func integer(format string) bool {
	switch format {
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr":
		return true
	}
	return false
}

// object is a struct.
func (w *writer) object(members []*model.Member) *jen.Statement {
	taken := map[string]bool{}
	fields := make([]jen.Code, len(members))
	for i, m := range members {
		field := jen.Empty()
		if lines := paragraphs(nil, m.Doc); len(lines) > 0 {
			field = gofile.Doc(lines...)
		}
		fields[i] = field.Id(free(taken, m.Go)).Add(w.member(m)).Id(tag(m.Name, options(m)...))
	}
	return jen.Struct(fields...)
}

// member is the type of a field. One that came by an embedded pointer, and so may be
// absent, is a pointer.
func (w *writer) member(m *model.Member) *jen.Statement {
	if m.Pointer || byPointer(m) {
		return w.pointer(m.Shape)
	}
	return w.typ(m.Shape)
}

func byPointer(m *model.Member) bool { return m.Optional && !m.OmitEmpty && !m.OmitZero }

// options are those of a field's tag.
func options(m *model.Member) (all []string) {
	if m.OmitEmpty || byPointer(m) {
		all = append(all, "omitempty")
	}
	if m.OmitZero {
		all = append(all, "omitzero")
	}
	if m.Shape.Quoted {
		all = append(all, "string")
	}
	return all
}

// tag is the tag of a field. No name of a member has a quote or a comma.
func tag(name string, options ...string) string {
	text := strings.Join(append([]string{name}, options...), ",")
	if text == "-" {
		text = "-," // alone it would leave the field out
	}
	return "`json:\"" + text + "\"`"
}
