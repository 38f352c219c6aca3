package goserver

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func askDecls(f *gofile.File, a *model.Ask) []jen.Code {
	var decls []jen.Code
	if !a.OwnNewAsk {
		decls = append(decls, asker(f, a))
	}
	decls = append(decls, jen.Type().Id(gofile.AskType(a.Name)).Id("struct").Add(
		gofile.OneLine(jen.Id(askedField(a)).Add(f.Runtime("Asked")))))
	for _, m := range a.Methods {
		decls = append(decls, askMethod(f, a, m))
	}
	return decls
}

func asker(f *gofile.File, a *model.Ask) jen.Code {
	server := serverParam(f, a.Namespace)
	asked := jen.Id(f.Local("a"))
	bind := jen.Func().Params(jen.Add(asked).Add(f.Runtime("Asked"))).Id(a.Name).
		Add(gofile.OneLine(jen.Return(jen.Id(gofile.AskType(a.Name)).Values(asked))))
	return gofile.Doc("New" + a.Name + "Ask asks connections of " + server.name + " the questions of " + a.Name + ".").
		Func().Id("New" + a.Name + "Ask").Params(jen.Id(server.name).Add(server.typ)).
		Add(f.Runtime("Ask").Types(jen.Id(a.Name))).Block(
		jen.Return(f.Runtime("NewAsk").Call(server.registry(), bind)),
	)
}

// askedField is the name of the ask type's field. It differs from the names of all
// methods, because a method of the user's interface may be called a.
func askedField(a *model.Ask) string {
	name := "a"
	for slices.ContainsFunc(a.Methods, func(m *model.AskMethod) bool { return m.Name == name }) {
		name += "_"
	}
	return name
}

func askMethod(f *gofile.File, a *model.Ask, m *model.AskMethod) jen.Code {
	recv, ctx, in := jen.Id(f.Local("q")), jen.Id(f.Local("ctx")), jen.Id(f.Local("in"))
	params := []jen.Code{jen.Add(ctx).Add(f.Std("context", "Context"))}
	payload := jen.Nil()
	if m.Param != nil {
		params = append(params, jen.Add(in).Add(f.Type(m.Param.Type)))
		payload = jen.Op("&").Add(in)
		if m.Param.Type.Kind == model.TypePointer {
			payload = in
		}
	}
	args := []jen.Code{ctx, jen.Add(recv).Dot(askedField(a)), jen.Lit(m.Event), payload}
	fn := jen.Func().Params(jen.Add(recv).Id(gofile.AskType(a.Name))).Id(m.Name).Params(params...)
	if m.Result == nil {
		return fn.Error().Block(jen.Return(f.Runtime("AskAck").Call(args...)))
	}
	return fn.Params(f.Type(*m.Result), jen.Error()).Block(
		jen.Return(f.Runtime("AskOne").Types(f.Type(*m.Result)).Call(args...)),
	)
}
