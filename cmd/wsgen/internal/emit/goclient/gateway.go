package goclient

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// gateway is a client: its type, how it is made, and its methods.
func (w *writer) gateway(g *model.Facade) []jen.Code {
	name := gateway(g)
	lines := []string{name + " is a client of " + g.Package.Name + "." + g.Gateway.Name + ", at " + g.Gateway.Path + ". All methods are safe for concurrent use."}
	decls := []jen.Code{
		gofile.Doc(paragraphs(lines, g.Doc)...).Type().Id(name).Struct(jen.Op("*").Add(w.client("Client"))),
		w.dial(g),
	}
	names := newMethods()
	for _, call := range g.Calls {
		decls = append(decls, w.call(name, names.name("", call.Event), call))
	}
	for _, push := range g.Registry.Pushes {
		decls = append(decls, w.push(name, names.name("On", push.Event), push))
	}
	for _, ask := range g.Registry.Asks {
		decls = append(decls, w.ask(name, names.name("Answer", ask.Event), ask))
	}
	return decls
}

// dial is the function that connects.
func (w *writer) dial(g *model.Facade) jen.Code {
	name := gateway(g)
	lines := []string{
		"Dial" + name + " connects to the server at an address, such as https://example.com, and returns when the",
		"session is open or ctx ends. The client then comes back by itself until Close, or until a Close that is final.",
	}
	params := w.NewParams("ctx", "c", "err", "o")
	address := jen.Id(params.Name("address"))
	texts := []jen.Code{address}
	var (
		body  []jen.Code
		parts []jen.Code
	)
	for _, s := range g.Path {
		if s.Wildcard == "" {
			parts = append(parts, jen.Lit(s.Text))
			continue
		}
		value, escape := params.Name(s.Wildcard), escapeOne
		if s.Rest {
			escape = escapeRest
		}
		texts, parts = append(texts, jen.Id(value)), append(parts, jen.Id(value))
		if len(body) == 0 {
			lines = append(lines, "", "The values of wildcards need not be escaped. One that is no part of a path, \"\", \".\" or \"..\", is an error.")
			body = append(body, jen.Var().Id("err").Error())
		}
		body = append(body, jen.If(jen.List(jen.Id(value), jen.Id("err")).Op("=").Id(escape).Call(jen.Lit(s.Wildcard), jen.Id(value)), jen.Id("err").Op("!=").Nil()).
			Block(jen.Return(jen.Nil(), jen.Id("err"))))
	}
	path := jen.Add(parts[0])
	for _, part := range parts[1:] {
		path = path.Op("+").Add(part)
	}
	literal := w.client("Gateway").Values(jen.Id("Path").Op(":").Add(path), jen.Id("Contract").Op(":").Lit(g.Digest))
	body = append(body,
		jen.List(jen.Id("c"), jen.Id("err")).Op(":=").Add(w.client("Dial")).Call(jen.Id("ctx"), address, literal, jen.Id("o")),
		jen.If(jen.Id("err").Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Id("err"))),
		jen.Return(jen.Op("&").Id(name).Values(jen.Id("c")), jen.Nil()),
	)
	given := []jen.Code{
		jen.Id("ctx").Add(w.Std("context", "Context")), jen.List(texts...).String(), jen.Id("o").Add(w.client("Options")),
	}
	return gofile.Doc(lines...).Func().Id("Dial"+name).Params(given...).Params(jen.Op("*").Id(name), jen.Error()).Block(body...)
}

// escapeOne is the function that writes a wildcard into a path.
func (w *writer) escapeOne() jen.Code {
	name, value := jen.Id("name"), jen.Id("value")
	return gofile.Doc(
		escapeOne+" is what stands in a path for a wildcard. What a server, or a proxy, takes out of a path is an error:",
		"another gateway would be meant.",
	).Func().Id(escapeOne).Params(jen.List(name, value).String()).Params(jen.String(), jen.Error()).Block(
		jen.Switch(value).Block(jen.Case(jen.Lit(""), jen.Lit("."), jen.Lit("..")).Block(
			jen.Return(jen.Lit(""), w.Std("errors", "New").Call(jen.Lit(w.pkg+": the wildcard ").Op("+").Add(name).Op("+").Lit(" cannot be ").Op("+").Add(w.Std("strconv", "Quote")).Call(value).Op("+").Lit(": that is no part of a path"))),
		)),
		jen.Return(w.Std("net/url", "PathEscape").Call(value), jen.Nil()),
	)
}

// escapeRest is the function that writes the rest of a path into it.
func (w *writer) escapeRest() jen.Code {
	return gofile.Doc(
		escapeRest+" is what stands in a path for the wildcard of its rest, whose parts slashes separate. It may end in a",
		"slash, and be empty.",
	).Func().Id(escapeRest).Params(jen.List(jen.Id("name"), jen.Id("value")).String()).Params(jen.String(), jen.Error()).Block(
		jen.Id("parts").Op(":=").Add(w.Std("strings", "Split")).Call(jen.Id("value"), jen.Lit("/")),
		jen.For(jen.List(jen.Id("i"), jen.Id("part")).Op(":=").Range().Id("parts")).Block(
			jen.If(jen.Id("part").Op("==").Lit("").Op("&&").Id("i").Op("==").Len(jen.Id("parts")).Op("-").Lit(1)).Block(jen.Break()),
			jen.List(jen.Id("escaped"), jen.Id("err")).Op(":=").Id(escapeOne).Call(jen.Id("name"), jen.Id("part")),
			jen.If(jen.Id("err").Op("!=").Nil()).Block(jen.Return(jen.Lit(""), jen.Id("err"))),
			jen.Id("parts").Index(jen.Id("i")).Op("=").Id("escaped"),
		),
		jen.Return(w.Std("strings", "Join").Call(jen.Id("parts"), jen.Lit("/")), jen.Nil()),
	)
}

// method begins a method of a client.
func method(lines []string, client, name string) *jen.Statement {
	return gofile.Doc(lines...).Func().Params(jen.Id("c").Op("*").Id(client)).Id(name)
}
