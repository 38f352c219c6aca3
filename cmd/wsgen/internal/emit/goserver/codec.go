package goserver

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// codecs collects the functions of one file that read and write types, each once,
// in the order of their first use.
type codecs struct {
	*gofile.File
	pkg   *model.Package
	taken *gofile.Params            // names of the package
	names map[function]string       // of functions
	plain map[*model.Handler]string // of those that decode named parameters
	loops []bool                    // the types that reach themselves, by their place in pkg.Codecs
	rests map[string]bool           // the types of which drift has a declaration
	drift []jen.Code
	decls []jen.Code
}

// function is what a function does, and to which type.
type function struct {
	role role
	ref  model.CodecRef
}

// role is what a function does: the verb in its name, and how that ends. Functions
// of package ws get those that take and return values. The others have pointers:
// what stands in another value is read and written where it is.
type role string

const (
	readValue  role = "Read"
	readInto   role = "Read Into"
	decodeNull role = "Decode"
	writeValue role = "Write"
	writeFrom  role = "Write From"
)

func newCodecs(f *gofile.File, pkg *model.Package) *codecs {
	return &codecs{
		File: f, pkg: pkg, taken: f.NewDeclarations(), names: map[function]string{}, plain: map[*model.Handler]string{},
		loops: loops(pkg.Codecs), rests: map[string]bool{},
	}
}

// all are the declarations of the collected functions.
func (c *codecs) all() []jen.Code {
	if len(c.drift) == 0 {
		return c.decls
	}
	guard := gofile.Doc("A field changed? Run wsgen again.").Var().Custom(jen.Options{Open: "(", Close: ")", Multi: true}, c.drift...)
	return append([]jen.Code{guard}, c.decls...)
}

func (c *codecs) of(ref model.CodecRef) *model.Codec { return &c.pkg.Codecs[ref-1] }

// id is a local variable or parameter.
func (c *codecs) id(name string) *jen.Statement { return jen.Id(c.Local(name)) }

// declared notes that functions rest on what types are declared as. Types are
// assignable to each other only if tags are the same, too.
func (c *codecs) declared(codec *model.Codec) {
	for _, d := range codec.Rests {
		key := gofile.Key(c.pkg.Path, d.Type)
		if c.rests[key] {
			continue
		}
		c.rests[key] = true
		value := c.Type(d.As)
		if d.As.Kind == model.TypeStruct || d.As.Kind == model.TypeArray {
			value.Values()
		} else {
			value.Parens(jen.Nil())
		}
		c.drift = append(c.drift, jen.Id("_").Add(c.Type(d.Type)).Op("=").Add(value))
	}
}

// function is the name of the function that does what to the type of ref. If there
// is none, body makes its declaration, which has its place before those that body
// asks for.
func (c *codecs) function(what role, ref model.CodecRef, body func(name string, codec *model.Codec) jen.Code) jen.Code {
	key := function{what, ref}
	if name := c.names[key]; name != "" {
		return jen.Id(name)
	}
	codec := c.of(ref)
	verb, ending, _ := strings.Cut(string(what), " ")
	name := c.taken.Name("ws" + verb + label(codec.Type) + ending)
	c.names[key] = name
	c.declared(codec)
	slot := c.slot()
	c.decls[slot] = body(name, codec)
	return jen.Id(name)
}

// entered are the statements of a function that reads or writes a type with the
// Reader or Writer of this name. If the type reaches itself, its depth is bounded:
// data may be deep without end, and a value may lead back to itself.
func (c *codecs) entered(ref model.CodecRef, by string, body ...jen.Code) []jen.Code {
	if !c.loops[ref-1] {
		return body
	}
	enter := jen.If(jen.Op("!").Add(c.id(by)).Dot("Enter").Call()).Block(jen.Return())
	return append(append([]jen.Code{enter}, body...), c.id(by).Dot("Leave").Call())
}

// add adds a declaration that no function of a type is.
func (c *codecs) add(doc string, decl jen.Code) { c.decls = append(c.decls, gofile.Doc(doc).Add(decl)) }

// slot is room for a declaration, before those that it asks for.
func (c *codecs) slot() int {
	c.decls = append(c.decls, nil)
	return len(c.decls) - 1
}

// place is where a value stands.
type place struct{ value, addr jen.Code }

func at(value jen.Code) place { return place{value, jen.Op("&").Add(value)} }

// behind is what a pointer leads to.
func behind(pointer jen.Code) place { return place{jen.Op("*").Add(pointer), pointer} }

// label names a type in names of functions.
func label(t model.TypeRef) string {
	switch t.Kind {
	case model.TypePointer:
		return label(*t.Elem) + "Ptr"
	case model.TypeSlice:
		return label(*t.Elem) + "s"
	case model.TypeArray:
		return label(*t.Elem) + "Array"
	case model.TypeMap:
		return label(*t.Elem) + "Map"
	case model.TypeStruct:
		return "Struct"
	}
	if t.Package.Path != "" {
		return camel.Upper(t.Package.Name) + camel.Upper(t.Name)
	}
	return camel.Upper(t.Name)
}

// parameters are those of a function. If the type of one has lines of its own, each
// stands on a line.
func parameters(typ model.TypeRef, all ...jen.Code) jen.Code {
	if spelledOut(typ) {
		return gofile.Lines("(", ")", all...)
	}
	return jen.Params(all...)
}

// spelledOut reports whether a struct without a name is a part of t as it is written.
func spelledOut(t model.TypeRef) bool {
	return len(t.Fields) > 0 || t.Elem != nil && spelledOut(*t.Elem)
}

// typeName is a type as a comment names it.
func typeName(t model.TypeRef) string {
	switch t.Kind {
	case model.TypePointer:
		return "*" + typeName(*t.Elem)
	case model.TypeSlice:
		return "[]" + typeName(*t.Elem)
	case model.TypeArray:
		return "[" + strconv.FormatInt(t.Len, 10) + "]" + typeName(*t.Elem)
	case model.TypeMap:
		return "map[" + typeName(*t.Key) + "]" + typeName(*t.Elem)
	case model.TypeStruct:
		return "struct"
	}
	if t.Package.Path != "" {
		return t.Package.Name + "." + t.Name
	}
	return t.Name
}

// word is the word for a kind in the names of wsjson's functions.
func word(kind model.CodecKind) string {
	switch kind {
	case model.CodecString:
		return "String"
	case model.CodecBool:
		return "Bool"
	case model.CodecInt:
		return "Int"
	case model.CodecUint:
		return "Uint"
	case model.CodecFloat32:
		return "Float32"
	case model.CodecFloat64:
		return "Float64"
	case model.CodecTime:
		return "Time"
	case model.CodecRaw:
		return "Raw"
	case model.CodecBytes:
		return "Bytes"
	}
	panic("wsjson has no function for kind " + strconv.Itoa(int(kind)))
}

// loops tells which codecs reach themselves.
func loops(all []model.Codec) []bool {
	loops := make([]bool, len(all))
	for i := range all {
		seen := make([]bool, len(all))
		var reaches func(model.CodecRef) bool
		reaches = func(ref model.CodecRef) bool {
			if ref == 0 || seen[ref-1] {
				return false
			}
			seen[ref-1] = true
			return slices.ContainsFunc(held(&all[ref-1]), func(to model.CodecRef) bool {
				return to == model.CodecRef(i+1) || reaches(to)
			})
		}
		loops[i] = reaches(model.CodecRef(i + 1))
	}
	return loops
}

// held are the codecs of what a type is made of.
func held(codec *model.Codec) []model.CodecRef {
	refs := []model.CodecRef{codec.Elem}
	for _, m := range codec.Members {
		refs = append(refs, m.Codec)
	}
	return refs
}
