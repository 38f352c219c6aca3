package goserver

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// codecs collects the functions of one file that read and write flat types,
// each once, in the order of their first use.
type codecs struct {
	*gofile.File
	pkg   *model.Package
	taken *gofile.Params            // names of the package
	names map[string]string         // of functions, by what they do and to which type
	plain map[*model.Handler]string // of those that decode named parameters
	drift []jen.Code                // a declaration of each struct
	decls []jen.Code
}

func newCodecs(f *gofile.File, pkg *model.Package) *codecs {
	return &codecs{File: f, pkg: pkg, taken: f.NewDeclarations(), names: map[string]string{}, plain: map[*model.Handler]string{}}
}

// all are the declarations of the collected functions.
func (c *codecs) all() []jen.Code {
	if len(c.drift) == 0 {
		return c.decls
	}
	guard := gofile.Doc("A field changed? Run wsgen again.").Var().Custom(jen.Options{Open: "(", Close: ")", Multi: true}, c.drift...)
	return append([]jen.Code{guard}, c.decls...)
}

// declared notes that functions rest on what a struct is declared as. Types
// are assignable to each other only if tags are the same, too.
func (c *codecs) declared(flat *model.Flat) {
	key := "declared" + gofile.Key(c.pkg.Path, flat.Type)
	if c.names[key] == "" {
		c.names[key] = "_"
		c.drift = append(c.drift, jen.Id("_").Add(c.Type(flat.Type)).Op("=").Add(c.Type(flat.Struct)).Values())
	}
}

// reader is the function that reads a flat struct.
func (c *codecs) reader(flat *model.Flat) jen.Code {
	name, first := c.name("read", "Read", flat.Type, "")
	if first {
		c.declared(flat)
		fields := make([]member, len(flat.Fields))
		for i, f := range flat.Fields {
			fields[i] = member{field: f.Name, json: f.JSON, kind: f.Kind}
		}
		c.add(name+" reads "+article(typeName(flat.Type))+"; what is not written plainly is for encoding/json.",
			c.readFunc(name, c.Type(flat.Type), c.readObject(fields, false)...))
	}
	return jen.Id(name)
}

// writer is the function that writes a flat type.
func (c *codecs) writer(flat *model.Flat) jen.Code {
	switch flat.Kind {
	case model.FlatStruct:
		return c.structWriter(flat)
	case model.FlatSlice:
		return c.sliceWriter(flat.Elem)
	}
	return c.JSON("Write" + scalarName(flat.Kind))
}

func (c *codecs) structWriter(flat *model.Flat) jen.Code {
	name, first := c.name("write", "Write", flat.Type, "")
	if !first {
		return jen.Id(name)
	}
	c.declared(flat)
	w, v := jen.Id(c.Local("w")), jen.Id(c.Local("v"))
	lines := []jen.Code{jen.Add(w).Dot("Begin").Call()}
	for _, f := range flat.Fields {
		value := jen.Add(v).Dot(f.Name)
		write := []jen.Code{
			jen.Add(w).Dot("Name").Call(jen.Lit(f.JSON)),
			c.JSON("Write"+scalarName(f.Kind)).Call(w, value),
		}
		if f.OmitEmpty {
			write = []jen.Code{jen.If(present(value, f.Kind)).Block(write...)}
		}
		lines = append(lines, write...)
	}
	lines = append(lines, jen.Add(w).Dot("End").Call())
	c.add(name+" writes "+article(typeName(flat.Type))+" as encoding/json does.",
		c.writeFunc(name, c.Type(flat.Type), lines...))
	return jen.Id(name)
}

func (c *codecs) sliceWriter(elem *model.Flat) jen.Code {
	name, first := c.name("slice", "Write", elem.Type, "s")
	if first {
		c.add(name+" writes a slice of "+typeName(elem.Type)+".", c.writeFunc(name, jen.Index().Add(c.Type(elem.Type)),
			c.JSON("WriteSlice").Call(jen.Id(c.Local("w")), jen.Id(c.Local("v")), c.structWriter(elem))))
	}
	return jen.Id(name)
}

func (c *codecs) writeFunc(name string, typ jen.Code, body ...jen.Code) jen.Code {
	return jen.Func().Id(name).Params(
		jen.Id(c.Local("w")).Op("*").Add(c.JSON("Writer")),
		jen.Id(c.Local("v")).Add(typ),
	).Block(body...)
}

func (c *codecs) readFunc(name string, typ jen.Code, body ...jen.Code) jen.Code {
	return jen.Func().Id(name).Params(jen.Id(c.Local("r")).Op("*").Add(c.JSON("Reader"))).
		Params(jen.Id(c.Local("v")).Add(typ)).Block(append(body, jen.Return(jen.Id(c.Local("v"))))...)
}

// params declares a type that holds a handler's named parameters, and the
// function that reads it.
func (c *codecs) params(gateway string, h *model.Handler, params []model.Param) (typ, read jen.Code) {
	name := c.taken.Name("ws"+gateway+camel.Upper(h.Method), "ws"+gateway+camel.Upper(h.Method)+"Data")
	readName := c.taken.Name("wsRead" + gateway + camel.Upper(h.Method))

	names := fieldNames(params)
	fields, members := make([]jen.Code, len(params)), make([]member, len(params))
	for i, p := range params {
		fields[i] = jen.Id(names[p.Name]).Add(c.Type(p.Type))
		members[i] = member{field: names[p.Name], json: p.Name, kind: p.Flat.Kind}
		if p.Optional {
			members[i].pointer = p.Type.Elem
		}
	}
	c.add(name+" is the data of "+h.Event+".", jen.Type().Id(name).Struct(fields...))

	var body []jen.Code
	if h.Data == model.DataScalar {
		bare := append(c.readMember(members[0]), jen.Return(jen.Id(c.Local("v"))))
		body = append(body, jen.If(jen.Id(c.Local("r")).Dot("Bare").Call()).Block(bare...))
	}
	c.add(readName+" reads a "+name+"; what is not written plainly is for encoding/json.",
		c.readFunc(readName, jen.Id(name), append(body, c.readObject(members, true)...)...))
	return jen.Id(name), jen.Id(readName)
}

// member is a member of an object and the field that it is read into.
type member struct {
	field, json string
	kind        model.FlatKind
	pointer     *model.TypeRef // what the field points to; nil: it is no pointer
}

// readMember reads what comes next into its field.
func (c *codecs) readMember(m member) []jen.Code {
	r, field := jen.Id(c.Local("r")), jen.Id(c.Local("v")).Dot(m.field)
	read := c.JSON("Read" + scalarName(m.kind))
	if m.pointer == nil {
		return []jen.Code{read.Call(r, jen.Op("&").Add(field))}
	}
	return []jen.Code{
		jen.Add(field).Op("=").New(c.Type(*m.pointer)),
		read.Call(r, field),
	}
}

// readObject reads an object by its members. If required, those that are no
// pointers must be there.
func (c *codecs) readObject(members []member, required bool) []jen.Code {
	r, seen := jen.Id(c.Local("r")), jen.Id(c.Local("seen"))
	var cases, all []jen.Code
	for i, m := range members {
		lines := c.readMember(m)
		if required && m.pointer == nil {
			bit := jen.Lit(1).Op("<<").Lit(i)
			lines = append(lines, jen.Add(seen).Op("|=").Add(bit))
			if len(all) > 0 {
				all = append(all, jen.Op("|"))
			}
			all = append(all, bit)
		}
		cases = append(cases, jen.Case(jen.Lit(m.json)).Block(lines...))
	}
	cases = append(cases, jen.Default().Block(jen.Add(r).Dot("Odd").Call()))

	var body []jen.Code
	if len(all) > 0 {
		body = append(body, jen.Var().Add(seen).Uint64())
	}
	body = append(body, jen.For(jen.Add(r).Dot("Next").Call()).Block(
		jen.Switch(jen.String().Parens(jen.Add(r).Dot("Name").Call())).Block(cases...)))
	if len(all) > 0 {
		body = append(body, jen.Add(r).Dot("Require").Call(jen.Add(seen).Op("==").Add(all...)))
	}
	return body
}

// name is the name of the function that does what to a type; first says that
// it has to be declared.
func (c *codecs) name(what, verb string, t model.TypeRef, plural string) (name string, first bool) {
	key := what + gofile.Key(c.pkg.Path, t)
	if name = c.names[key]; name != "" {
		return name, false
	}
	if !t.Local {
		verb += camel.Upper(t.Package.Name)
	}
	name = c.taken.Name("ws" + verb + camel.Upper(t.Name) + plural)
	c.names[key] = name
	return name, true
}

func (c *codecs) add(doc string, decl jen.Code) {
	c.decls = append(c.decls, gofile.Doc(doc).Add(decl))
}

// typeName is a type as a comment names it.
func typeName(t model.TypeRef) string {
	if t.Local {
		return t.Name
	}
	return t.Package.Name + "." + t.Name
}

// present is the condition under which a value is not empty.
func present(value *jen.Statement, kind model.FlatKind) jen.Code {
	switch kind {
	case model.FlatBool:
		return value
	case model.FlatString:
		return jen.Add(value).Op("!=").Lit("")
	}
	return jen.Add(value).Op("!=").Lit(0)
}

// scalarName is the word for a kind in the names of wsjson's functions.
func scalarName(kind model.FlatKind) string {
	switch kind {
	case model.FlatString:
		return "String"
	case model.FlatBool:
		return "Bool"
	case model.FlatInt:
		return "Int"
	case model.FlatUint:
		return "Uint"
	case model.FlatFloat32:
		return "Float32"
	case model.FlatFloat64:
		return "Float64"
	}
	panic("no scalar: " + strconv.Itoa(int(kind)))
}
