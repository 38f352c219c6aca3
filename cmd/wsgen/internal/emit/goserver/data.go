package goserver

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// decode declares in and fills it with the frame's data.
func (g *gateway) decode(h *model.Handler) []jen.Code {
	params := dataParams(h)
	if len(params) == 0 {
		return nil
	}
	in := jen.Id(g.Local("in"))
	target := jen.Op("&").Add(in)

	switch h.Data {
	case model.DataWhole:
		return []jen.Code{jen.Var().Add(in, g.Type(params[0].Type)), g.try("Decode", target)}
	case model.DataNullable:
		return []jen.Code{jen.Var().Add(in, g.Type(params[0].Type)), g.try("DecodeNullable", target)}
	case model.DataScalar:
		bare := jen.Op("&").Add(in).Dot(fieldNames(params)[params[0].Name])
		method := "DecodeParam"
		if params[0].Optional {
			method = "DecodeNullableParam"
		}
		lines := []jen.Code{g.inStruct(params), g.try(method, target, bare)}
		return append(lines, g.missing(params)...)
	}
	method := "DecodeNullable"
	for _, p := range params {
		if !p.Optional {
			method = "Decode"
		}
	}
	lines := []jen.Code{g.inStruct(params), g.try(method, target)}
	return append(lines, g.missing(params)...)
}

// inStruct has pointers only, so that a missing value is not taken for zero.
func (g *gateway) inStruct(params []model.Param) jen.Code {
	names := fieldNames(params)
	fields := make([]jen.Code, len(params))
	for i, p := range params {
		typ := g.Type(p.Type)
		if !p.Optional {
			typ = g.Pointer(p.Type)
		}
		fields[i] = jen.Id(names[p.Name]).Add(typ).Tag(map[string]string{"json": p.Name})
	}
	return jen.Var().Id(g.Local("in")).Struct(fields...)
}

// try decodes, and returns what is wrong with the data.
func (g *gateway) try(method string, targets ...jen.Code) jen.Code {
	err := jen.Id(g.Local("err"))
	return jen.If(jen.Add(err).Op(":=").Add(g.c(method, targets...)), jen.Add(err).Op("!=").Nil()).
		Block(jen.Return(err))
}

func (g *gateway) missing(params []model.Param) []jen.Code {
	names := fieldNames(params)
	var checks []jen.Code
	for _, p := range params {
		if p.Optional {
			continue
		}
		checks = append(checks, jen.If(jen.Id(g.Local("in")).Dot(names[p.Name]).Op("==").Nil()).
			Block(jen.Return(g.Runtime("Missing").Call(jen.Lit(p.Name)))))
	}
	return checks
}

// dataArgument hands a decoded value to the handler.
func (g *gateway) dataArgument(h *model.Handler, p model.Param, fields map[string]string) jen.Code {
	in := jen.Id(g.Local("in"))
	if h.Data == model.DataWhole || h.Data == model.DataNullable {
		return in
	}
	in.Dot(fields[p.Name])
	if p.Optional {
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

// fieldNames gives each parameter an exported field, distinct among them:
// encoding/json fills no other.
func fieldNames(params []model.Param) map[string]string {
	names := make(map[string]string, len(params))
	taken := make(map[string]bool, len(params))
	for _, p := range params {
		base := gofile.UpperCamel(strings.TrimLeft(p.Name, "_"))
		if base == "" || !unicode.IsUpper([]rune(base)[0]) {
			base = "P" + base
		}
		name := base
		for i := 2; taken[name]; i++ {
			name = base + strconv.Itoa(i)
		}
		taken[name] = true
		names[p.Name] = name
	}
	return names
}
