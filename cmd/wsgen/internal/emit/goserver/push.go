package goserver

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func namespace(f *gofile.File, pkg string, n *model.Namespace) jen.Code {
	options := jen.Id(f.Local("options"))
	name := func() jen.Code { return jen.Add(options).Dot("Cluster").Dot("Name") }
	return gofile.Doc("New"+n.Name+" makes a registry of its own, and on many nodes a cluster of its own.").
		Func().Id("New"+n.Name).Params(jen.Add(options).Add(f.Runtime("Options"))).
		Op("*").Id(n.Name).Block(
		jen.If(jen.Add(name()).Op("==").Lit("")).Block(jen.Add(name()).Op("=").Lit(pkg+"-"+n.Name)),
		jen.Return(jen.Op("&").Id(n.Name).Values(field("Server", f.Runtime("NewServer").Call(options)))),
	)
}

func pushDecls(f *gofile.File, p *model.Push, codecs *codecs) []jen.Code {
	var decls []jen.Code
	if !p.OwnNewPush {
		decls = append(decls, addressed(f, p))
	}
	if !p.OwnNew {
		decls = append(decls, toEveryone(f, p))
	}
	if m := p.Presence(); m != nil {
		decls = append(decls, presence(f, p, m, codecs))
	}
	decls = append(decls, pushType(f, p))
	for _, m := range p.Methods {
		decls = append(decls, pushMethod(f, p, m, codecs))
	}
	return decls
}

func addressed(f *gofile.File, p *model.Push) jen.Code {
	b := binding{
		iface: p.Name, kind: "Push", address: "Target", local: "t", impl: gofile.PushType(p.Name), maker: "NewPush",
		doc: func(server string) string { return "addresses " + p.Name + " to connections of " + server },
	}
	if h := p.History; h != nil {
		b.maker = "NewKeptPush"
		b.with = f.Runtime("Log").Values(field("Name", jen.Lit(h.Name)), field("Size", jen.Lit(h.Size)), field("TTL", duration(f, h.TTL)))
		b.doc = func(server string) string {
			return "addresses " + p.Name + " to connections of " + server + ", and keeps what is marked //ws:kept"
		}
	}
	return b.constructor(f, p.Namespace)
}

func toEveryone(f *gofile.File, p *model.Push) jen.Code {
	push := jen.Id(f.Local("push"))
	return gofile.Doc("New" + p.Name + " sends " + p.Name + " to every connection.").
		Func().Id("New" + p.Name).Params(jen.Add(push).Add(pushOf(f, p))).Id(p.Name).
		Add(gofile.OneLine(jen.Return(jen.Add(push).Dot("All").Call())))
}

// presence is the constructor of what tells by m who is in a room.
func presence(f *gofile.File, p *model.Push, m *model.PushMethod, codecs *codecs) jen.Code {
	of := m.Presence
	spec := []jen.Code{field("Name", jen.Lit(codecs.pkg.Name+"."+p.Name)), field("Event", jen.Lit(m.Event))}
	if of.Linger > 0 {
		spec = append(spec, field("Linger", duration(f, of.Linger)))
	}
	if of.Max > 0 {
		spec = append(spec, field("Max", jen.Lit(of.Max)))
	}
	if of.Room {
		spec = append(spec, field("Room", jen.True()))
	}
	server, name := serverParam(f, p.Namespace), "New"+p.Name+"Presence"
	write, read := jen.Code(jen.Nil()), jen.Code(jen.Nil())
	if of.Codec != 0 {
		write, read = codecs.writer(of.Codec), codecs.reader(of.Codec)
	}
	return gofile.Doc(name + " tells by " + p.Name + "." + m.Name + " who is in rooms of " + server.name + ".").
		Func().Id(name).Params(jen.Id(server.name).Add(server.typ)).Add(f.Runtime("Presence").Types(f.Type(of.Meta))).Block(
		jen.Return(f.Runtime("NewPresence").Types(f.Type(of.Meta)).Call(server.registry(), f.Runtime("PresenceSpec").Values(spec...), write, read)),
	)
}

func pushOf(f *gofile.File, p *model.Push) jen.Code {
	return f.Runtime("Push").Types(jen.Id(p.Name))
}

func pushType(f *gofile.File, p *model.Push) jen.Code {
	return jen.Type().Id(gofile.PushType(p.Name)).Id("struct").Add(
		gofile.OneLine(jen.Id(targetField(p)).Add(f.Runtime("Target"))))
}

// targetField is the name of the push type's field. It differs from the names of
// all methods, because a method of the user's interface may be called t.
func targetField(p *model.Push) string {
	return free("t", func(name string) bool {
		return slices.ContainsFunc(p.Methods, func(m *model.PushMethod) bool { return m.Name == name })
	})
}

func pushMethod(f *gofile.File, p *model.Push, m *model.PushMethod, codecs *codecs) jen.Code {
	recv, in := jen.Id(f.Local("p")), jen.Id(f.Local("in"))
	params, payload := sent(f, m.Param, in)
	target := jen.Add(recv).Dot(targetField(p))
	if m.Kept {
		target = target.Dot("Kept").Call()
	}
	if !m.Count && !m.Err {
		target = f.Runtime("Resultless").Call(target)
	}
	emit := jen.Add(target).Dot("Emit").Call(jen.Lit(m.Event), payload)
	if m.Param != nil && m.Param.Codec != 0 {
		emit = f.Runtime("EmitJSON").Call(target, jen.Lit(m.Event), in, codecs.writer(m.Param.Codec))
	}

	fn := jen.Func().Params(jen.Add(recv).Id(gofile.PushType(p.Name))).Id(m.Name).Params(params...)
	switch n, err := jen.Id(f.Local("n")), jen.Id(f.Local("err")); {
	case m.Count && m.Err:
		return fn.Params(jen.Int(), jen.Error()).Add(gofile.OneLine(jen.Return(emit)))
	case m.Count:
		return fn.Int().Block(jen.List(n, jen.Id("_")).Op(":=").Add(emit), jen.Return(n))
	case m.Err:
		return fn.Error().Block(jen.List(jen.Id("_"), err).Op(":=").Add(emit), jen.Return(err))
	}
	return fn.Add(gofile.OneLine(jen.List(jen.Id("_"), jen.Id("_")).Op("=").Add(emit)))
}
