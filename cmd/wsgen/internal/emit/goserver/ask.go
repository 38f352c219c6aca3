package goserver

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func askDecls(f *gofile.File, a *model.Ask, codecs *codecs) []jen.Code {
	var decls []jen.Code
	if !a.OwnNewAsk {
		decls = append(decls, asker(f, a))
	}
	decls = append(decls, jen.Type().Id(gofile.AskType(a.Name)).Id("struct").Add(
		gofile.OneLine(jen.Id(askedField(a)).Add(f.Runtime("Asked")))))
	for _, m := range a.Methods {
		decls = append(decls, askMethod(f, a, m, codecs))
	}
	return decls
}

func asker(f *gofile.File, a *model.Ask) jen.Code {
	b := binding{
		iface: a.Name, kind: "Ask", address: "Asked", local: "a", impl: gofile.AskType(a.Name), maker: "NewAsk",
		doc: func(server string) string { return "asks connections of " + server + " the questions of " + a.Name },
	}
	return b.constructor(f, a.Namespace)
}

// askedField is the name of the ask type's field. It differs from the names of all
// methods, because a method of the user's interface may be called a.
func askedField(a *model.Ask) string {
	return free("a", func(name string) bool {
		return slices.ContainsFunc(a.Methods, func(m *model.AskMethod) bool { return m.Name == name })
	})
}

func askMethod(f *gofile.File, a *model.Ask, m *model.AskMethod, codecs *codecs) jen.Code {
	recv, ctx, in := jen.Id(f.Local("q")), jen.Id(f.Local("ctx")), jen.Id(f.Local("in"))
	params := []jen.Code{jen.Add(ctx).Add(f.Std("context", "Context"))}
	param, payload := sent(f, m.Param, in)
	params = append(params, param...)
	args := []jen.Code{ctx, jen.Add(recv).Dot(askedField(a)), jen.Lit(m.Event), payload}
	fn := jen.Func().Params(jen.Add(recv).Id(gofile.AskType(a.Name))).Id(m.Name).Params(params...)
	if m.Result == nil {
		return fn.Error().Block(jen.Return(f.Runtime("AskAck").Call(args...)))
	}
	answer := f.Runtime("AskOne").Types(f.Type(*m.Result)).Call(args...)
	if m.ResultCodec != 0 {
		answer = f.Runtime("AskJSON").Call(append(args, codecs.reader(m.ResultCodec))...)
	}
	return fn.Params(f.Type(*m.Result), jen.Error()).Block(jen.Return(answer))
}
