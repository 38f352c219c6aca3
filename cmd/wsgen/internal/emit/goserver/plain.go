package goserver

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// params declares a type that holds a handler's named parameters, and the
// function that reads it.
func (c *codecs) params(gateway string, h *model.Handler, params []model.Param) (typ, read jen.Code) {
	name := c.taken.Name("ws"+gateway+camel.Upper(h.Method), "ws"+gateway+camel.Upper(h.Method)+"Data")
	readName := c.taken.Name("wsRead" + gateway + camel.Upper(h.Method))

	names := fieldNames(params)
	fields := make([]jen.Code, len(params))
	for i, p := range params {
		fields[i] = jen.Id(names[p.Name]).Add(c.Type(p.Type))
	}
	c.add(name+" is the data of "+h.Event+".", jen.Type().Id(name).Struct(fields...))
	slot := c.slot()
	c.decls[slot] = gofile.Doc(readName + " reads a " + name + "; what is not written plainly is for encoding/json.").
		Add(c.readFunc(readName, jen.Id(name), c.readParams(h, params)...))
	return jen.Id(name), jen.Id(readName)
}

// readParams reads an object with a member for each parameter, or the only one on
// its own. Parameters that are no pointers must be there.
func (c *codecs) readParams(h *model.Handler, params []model.Param) []jen.Code {
	r, v, seen := c.id("r"), c.id("v"), c.id("seen")
	names := fieldNames(params)
	field := func(p model.Param) place { return at(jen.Add(v).Dot(names[p.Name])) }
	var known []string
	var body, cases, all []jen.Code
	if h.Data == model.DataScalar {
		bare := append(c.read(params[0].Codec, field(params[0])), jen.Return(v))
		body = append(body, jen.If(jen.Add(r).Dot("Bare").Call()).Block(bare...))
	}
	for i, p := range params {
		lines := c.read(p.Codec, field(p))
		if !p.Optional {
			bit := jen.Lit(1).Op("<<").Lit(i)
			lines = append([]jen.Code{jen.Add(r).Dot("Require").Call(jen.Op("!").Add(r).Dot("Null").Call())}, lines...)
			lines = append(lines, jen.Add(seen).Op("|=").Add(bit))
			if len(all) > 0 {
				all = append(all, jen.Op("|"))
			}
			all = append(all, bit)
		}
		known = append(known, p.Name)
		cases = append(cases, jen.Case(jen.Lit(p.Name)).Block(lines...))
	}
	if len(all) > 0 {
		body = append(body, jen.Var().Add(seen).Uint64())
	}
	body = append(body, c.members(known, cases))
	if len(all) > 0 {
		body = append(body, jen.Add(r).Dot("Require").Call(jen.Add(seen).Op("==").Add(all...)))
	}
	return append(body, jen.Return(v))
}

// nullable is the function that decodes data which may be null: plainly, or with
// encoding/json.
func (c *codecs) nullable(ref model.CodecRef) jen.Code {
	return c.function(decodeNull, ref, func(name string, codec *model.Codec) jen.Code {
		call, in, ok, std, err := c.id("c"), c.id("in"), c.id("ok"), c.id("std"), c.id("err")
		return gofile.Doc(name+" decodes "+article(typeName(codec.Type))+", which may be missing.").
			Func().Id(name).Params(jen.Add(call).Op("*").Add(c.Runtime("Call"))).Params(c.Type(codec.Type), jen.Error()).Block(
			jen.List(in, ok).Op(":=").Add(c.Runtime("ReadJSON")).Call(call, c.reader(ref)),
			jen.If(ok).Block(jen.Return(in, jen.Nil())),
			jen.Var().Add(std, c.Type(codec.Type)),
			jen.Add(err).Op(":=").Add(call).Dot("DecodeNullable").Call(jen.Op("&").Add(std)),
			jen.Return(std, err),
		)
	})
}
