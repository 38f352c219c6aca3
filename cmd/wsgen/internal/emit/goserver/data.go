package goserver

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// decode declares in and fills it with the frame's data.
func (g *gateway) decode(h *model.Handler) []jen.Code {
	params := dataParams(h)
	if len(params) == 0 {
		return nil
	}
	in, err := jen.Id(g.Local("in")), jen.Id(g.Local("err"))
	switch {
	case h.Data == model.DataWhole && params[0].Codec != 0:
		return []jen.Code{
			jen.List(in, err).Op(":=").Add(g.Runtime("DecodeJSON")).Call(jen.Id(g.Local("c")), g.codecs.reader(params[0].Codec)),
			g.returnIf(err),
		}
	case h.Data == model.DataWhole:
		return []jen.Code{jen.Var().Add(in, g.Type(params[0].Type)), g.try("Decode", jen.Op("&").Add(in))}
	case h.Data == model.DataNullable && params[0].Codec != 0:
		return []jen.Code{
			jen.List(in, err).Op(":=").Add(g.codecs.nullable(params[0].Codec)).Call(jen.Id(g.Local("c"))),
			g.returnIf(err),
		}
	case h.Data == model.DataNullable:
		return []jen.Code{jen.Var().Add(in, g.Type(params[0].Type)), g.try("DecodeNullable", jen.Op("&").Add(in))}
	case h.Plain:
		return []jen.Code{
			jen.List(in, err).Op(":=").Add(g.plainFunc(h, params)).Call(jen.Id(g.Local("c"))),
			g.returnIf(err),
		}
	}
	return g.decodeNamed("in", nil, h, params)
}

// plainFunc declares the function that decodes named parameters: plainly, or
// with encoding/json.
func (g *gateway) plainFunc(h *model.Handler, params []model.Param) jen.Code {
	if name := g.codecs.plain[h]; name != "" {
		return jen.Id(name)
	}
	in, ok := jen.Id(g.Local("in")), jen.Id(g.Local("ok"))
	typ, read := g.codecs.params(g.Name, h, params)
	names := fieldNames(params)
	values := make([]jen.Code, len(params))
	for i, p := range params {
		values[i] = jen.Id(g.Local("std")).Dot(names[p.Name])
		if !p.Optional {
			values[i] = jen.Op("*").Add(values[i])
		}
	}
	body := []jen.Code{
		jen.List(in, ok).Op(":=").Add(g.Runtime("ReadJSON")).Call(jen.Id(g.Local("c")), read),
		jen.If(ok).Block(jen.Return(in, jen.Nil())),
	}
	body = append(body, g.decodeNamed("std", in, h, params)...)
	body = append(body, jen.Return(jen.Add(typ).Values(values...), jen.Nil()))

	name := g.codecs.taken.Name("wsDecode" + g.Name + camel.Upper(h.Method))
	g.codecs.plain[h] = name
	g.codecs.add(name+" decodes the data of "+h.Event+".",
		jen.Func().Id(name).Params(jen.Id(g.Local("c")).Op("*").Add(g.Runtime("Call"))).Params(typ, jen.Error()).Block(body...))
	return jen.Id(name)
}

// decodeNamed declares a struct of named parameters and fills it. It returns an
// error of the data, behind first if that is not nil.
func (g *gateway) decodeNamed(local string, first jen.Code, h *model.Handler, params []model.Param) []jen.Code {
	into := jen.Id(g.Local(local))
	required := false
	for _, p := range params {
		required = required || !p.Optional
	}
	method, targets := "Decode", []jen.Code{jen.Op("&").Add(into)}
	if !required {
		method += "Nullable"
	}
	if h.Data == model.DataScalar {
		method += "Param"
		targets = append(targets, jen.Op("&").Add(into).Dot(fieldNames(params)[params[0].Name]))
	}
	fail := func(err jen.Code) jen.Code {
		if first == nil {
			return jen.Return(err)
		}
		return jen.Return(first, err)
	}
	err := jen.Id(g.Local("err"))
	lines := []jen.Code{
		g.inStruct(into, params),
		jen.If(jen.Add(err).Op(":=").Add(g.c(method, targets...)), jen.Add(err).Op("!=").Nil()).Block(fail(err)),
	}
	names := fieldNames(params)
	for _, p := range params {
		if !p.Optional {
			lines = append(lines, jen.If(jen.Add(into).Dot(names[p.Name]).Op("==").Nil()).
				Block(fail(g.Runtime("Missing").Call(jen.Lit(p.Name)))))
		}
	}
	return lines
}

// inStruct declares the struct that named parameters are decoded into. It has
// pointers only, so that a missing value is not taken for zero.
func (g *gateway) inStruct(into jen.Code, params []model.Param) jen.Code {
	names := fieldNames(params)
	fields := make([]jen.Code, len(params))
	for i, p := range params {
		typ := g.Type(p.Type)
		if !p.Optional {
			typ = g.Pointer(p.Type)
		}
		fields[i] = jen.Id(names[p.Name]).Add(typ).Tag(map[string]string{"json": p.Name})
	}
	return jen.Var().Add(into).Struct(fields...)
}

// try is a statement that decodes, and returns an error of the data.
func (g *gateway) try(method string, targets ...jen.Code) jen.Code {
	err := jen.Id(g.Local("err"))
	return jen.If(jen.Add(err).Op(":=").Add(g.c(method, targets...)), jen.Add(err).Op("!=").Nil()).
		Block(jen.Return(err))
}

// dataArgument hands a decoded value to the handler.
func (g *gateway) dataArgument(h *model.Handler, p model.Param, fields map[string]string) jen.Code {
	in := jen.Id(g.Local("in"))
	if h.Data == model.DataWhole || h.Data == model.DataNullable {
		return in
	}
	in.Dot(fields[p.Name])
	if p.Optional || h.Plain {
		return in
	}
	return jen.Op("*").Add(in)
}

func dataParams(h *model.Handler) []model.Param {
	var params []model.Param
	for _, p := range h.Params {
		if p.Role == model.RoleData {
			params = append(params, p)
		}
	}
	return params
}
