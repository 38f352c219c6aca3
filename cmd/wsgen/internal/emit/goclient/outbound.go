package goclient

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// push is the method that listens to a push.
func (w *writer) push(client, name string, push *model.Pushed) jen.Code {
	lines := []string{name + " has fn called with the data of each push " + push.Event + ", until off is called."}
	typ, several := w.union(push.Data)
	fn := jen.Func().Params(typ)
	call := jen.Id("fn")
	switch {
	case several:
		lines = append(lines, "That is of several types, and stays text.")
	case typ == nil:
		lines = []string{name + " has fn called for each push " + push.Event + ", until off is called."}
		fn = jen.Func().Params()
		call = jen.Func().Params(jen.Any()).Block(jen.Id("fn").Call())
	}
	return method(paragraphs(lines, push.Doc), client, name).Params(jen.Id("fn").Add(fn)).Params(jen.Id("off").Func().Params()).Block(
		jen.Return(w.client("On").Call(jen.Id("c").Dot("Client"), jen.Lit(push.Event), call)),
	)
}

// ask is the method that answers a question.
func (w *writer) ask(client, name string, ask *model.Asked) jen.Code {
	lines := []string{
		name + " has fn answer each question " + ask.Event + ", on a goroutine of its own, until off is called or another",
		"function takes its place. An *ws.Error travels to who asks; of any other error only that there is one.",
	}
	in, several := w.union(ask.In)
	out, _ := w.union(ask.Out)
	if len(ask.Out) > 1 {
		out = jen.Any()
	}
	if several || len(ask.Out) > 1 {
		lines = append(lines, "Several interfaces ask it, each with types of its own.")
	}
	context := w.Std("context", "Context")
	given, results := []jen.Code{context}, jen.Error()
	if in != nil {
		given = append(given, in)
	}
	if out != nil {
		results = jen.Params(out, jen.Error())
	}
	answer := jen.Id("fn")
	if in == nil || out == nil {
		answer = w.wrapped(in, out)
	}
	return method(paragraphs(lines, ask.Doc), client, name).Params(jen.Id("fn").Func().Params(given...).Add(results)).Params(jen.Id("off").Func().Params()).Block(
		jen.Return(w.client("Answer").Call(jen.Id("c").Dot("Client"), jen.Lit(ask.Event), answer)),
	)
}

// wrapped is fn in the form that answers have: null is asked, or answered, where there
// is nothing.
func (w *writer) wrapped(in, out *jen.Statement) *jen.Statement {
	question, typ, args := "question", in, []jen.Code{jen.Id("ctx"), jen.Id("question")}
	if in == nil {
		question, typ, args = "_", jen.Any(), args[:1]
	}
	call := jen.Return(jen.Id("fn").Call(args...))
	if out == nil {
		out, call = jen.Any(), jen.Return(jen.Nil(), jen.Id("fn").Call(args...))
	}
	return jen.Func().Params(jen.Id("ctx").Add(w.Std("context", "Context")), jen.Id(question).Add(typ)).Params(out, jen.Error()).Block(call)
}

// union is the type of what may have several; nil is no data. Of several it is their
// text.
func (w *writer) union(shapes []*model.Shape) (typ *jen.Statement, several bool) {
	switch {
	case len(shapes) > 1:
		return w.standard("json.RawMessage"), true
	case len(shapes) == 0 || shapes[0] == nil:
		return nil, false
	}
	return w.typ(shapes[0]), false
}
