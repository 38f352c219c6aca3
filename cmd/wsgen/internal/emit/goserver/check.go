package goserver

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// checks has decoded values judged, each by its own type or by the validator of
// the server's options, in the order of the parameters.
func (g *gateway) checks(h *model.Handler) []jen.Code {
	var lines []jen.Code
	fields := fieldNames(dataParams(h))
	for _, p := range dataParams(h) {
		in, err := jen.Id(g.Local("in")), jen.Id(g.Local("err"))
		invalid, name := g.Runtime("Invalid").Call(err), ""
		if h.Data != model.DataWhole && h.Data != model.DataNullable {
			in.Dot(fields[p.Name])
			invalid, name = g.c("Invalid", jen.Lit(p.Name), err), p.Name
		}
		found := func(function string, args ...jen.Code) jen.Code {
			return jen.If(jen.Add(err).Op(":=").Add(g.Runtime(function)).Call(args...), jen.Add(err).Op("!=").Nil()).Block(jen.Return(err))
		}
		c, pointer := jen.Id(g.Local("c")), jen.Add(in)
		if !p.Optional && (name == "" || h.Plain) {
			pointer = jen.Op("&").Add(in)
		}
		var check jen.Code
		switch p.Check {
		case model.CheckNone:
			continue
		case model.CheckValidate:
			check = jen.If(jen.Add(err).Op(":=").Add(in).Dot("Validate").Call(), jen.Add(err).Op("!=").Nil()).
				Block(jen.Return(invalid))
		case model.CheckOptions:
			check = found("Check", c, in)
		case model.CheckFound:
			check = found("CheckFound", c, pointer)
		case model.CheckFoundValidate:
			check = found("ValidateFound", c, jen.Lit(name), pointer)
		}
		lines = append(lines, unlessNil(in, p, check))
	}
	return lines
}

// unlessNil guards a check of a value that may be nil, or is promoted through
// embedded pointers that may be.
func unlessNil(in jen.Code, p model.Param, check jen.Code) jen.Code {
	cond := &jen.Statement{}
	and := func(value jen.Code) {
		if len(*cond) > 0 {
			cond.Op("&&")
		}
		cond.Add(value).Op("!=").Nil()
	}
	if p.Optional {
		and(in)
	}
	for _, path := range p.Through {
		and(jen.Add(in).Id(path))
	}
	if len(*cond) == 0 {
		return check
	}
	return jen.If(cond).Block(check)
}
