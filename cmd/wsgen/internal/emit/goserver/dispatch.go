package goserver

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func (g *gateway) dispatchType() jen.Code {
	return jen.Type().Id(gofile.DispatchType(g.Name)).Id("struct").Add(
		gofile.OneLine(jen.Id("gateway").Op("*").Id(g.Name)))
}

// lookup is the method that finds the index of an event. It converts the event in
// the switch expression: then the compiled code compares bytes and allocates
// nothing.
func (g *gateway) lookup() jen.Code {
	fn := jen.Func().Params(jen.Id(gofile.DispatchType(g.Name))).Id("lookup")
	notFound := jen.Return(jen.Lit(-1))
	if len(g.Handlers) == 0 {
		return fn.Params(jen.Index().Byte()).Int().Block(notFound)
	}
	var cases []jen.Code
	for i, h := range g.Handlers {
		cases = append(cases, jen.Case(g.event(h)).Block(jen.Return(jen.Lit(i))))
	}
	event := jen.Id(g.Local("event"))
	return fn.Params(jen.Add(event).Index().Byte()).Int().Block(
		jen.Switch(jen.String().Parens(event)).Block(cases...),
		notFound,
	)
}

// event is the name of an event: its constant, so that the one cannot change
// without the other, or itself.
func (g *gateway) event(h *model.Handler) jen.Code {
	if h.Const == nil {
		return jen.Lit(h.Event)
	}
	name := g.Pkg(h.Const.Package, h.Const.Name)
	if h.Const.Typed {
		return jen.String().Parens(name)
	}
	return name
}

func (g *gateway) call() jen.Code {
	unreachable := jen.Panic(jen.Lit("unreachable"))
	fn := jen.Func()
	if len(g.Handlers) == 0 {
		return fn.Params(jen.Id(gofile.DispatchType(g.Name))).Id("call").
			Params(jen.Int(), jen.Op("*").Add(g.Runtime("Call"))).Error().Block(unreachable)
	}
	var lines []jen.Code
	for i, h := range g.Handlers {
		lines = append(lines, jen.Id("case "+strconv.Itoa(i)+":").Add(gofile.Comment(h.Event)))
		lines = append(lines, g.decode(h)...)
		lines = append(lines, g.checks(h)...)
		lines = append(lines, g.invoke(h)...)
	}
	i := jen.Id(g.Local("i"))
	return fn.Params(jen.Id(g.Local("d")).Id(gofile.DispatchType(g.Name))).Id("call").
		Params(jen.Add(i).Int(), jen.Id(g.Local("c")).Op("*").Add(g.Runtime("Call"))).Error().Block(
		jen.Switch(i).Block(lines...),
		unreachable,
	)
}

// invoke calls the handler and answers with what it returns. The result is
// answered by pointer: encoding/json would skip a MarshalJSON with a pointer
// receiver otherwise.
func (g *gateway) invoke(h *model.Handler) []jen.Code {
	out, err := jen.Id(g.Local("out")), jen.Id(g.Local("err"))
	call := g.method(h.Method, g.arguments(h)...)
	reply := jen.Return(g.c("Reply", jen.Op("&").Add(out)))
	if h.Stream != model.StreamNone {
		reply = jen.Return(g.stream(h, out))
	} else if h.ResultCodec != 0 {
		reply = jen.Return(g.Runtime("ReplyJSON").Call(jen.Id(g.Local("c")), out, g.codecs.writer(h.ResultCodec)))
	}
	switch {
	case h.Result != nil && h.Err:
		return []jen.Code{jen.List(out, err).Op(":=").Add(call), g.returnIf(err), reply}
	case h.Result != nil:
		return []jen.Code{jen.Add(out).Op(":=").Add(call), reply}
	case h.Err:
		return []jen.Code{jen.Return(call)}
	}
	return []jen.Code{call, jen.Return(jen.Nil())}
}

// stream answers with the values of out.
func (g *gateway) stream(h *model.Handler, out jen.Code) jen.Code {
	by := []string{model.StreamSeq: "Stream", model.StreamSeq2: "Stream2", model.StreamChan: "StreamChan"}[h.Stream]
	args := []jen.Code{jen.Id(g.Local("c")), out}
	if h.ResultCodec != 0 {
		by += "JSON"
		args = append(args, g.codecs.writer(h.ResultCodec))
	}
	return g.Runtime(by).Call(args...)
}

func (g *gateway) arguments(h *model.Handler) []jen.Code {
	fields := fieldNames(dataParams(h))
	var args []jen.Code
	for _, p := range h.Params {
		switch p.Role {
		case model.RoleContext:
			args = append(args, g.c("Context"))
		case model.RoleClient:
			args = append(args, g.c("Client"))
		case model.RoleSender:
			args = append(args, g.c("Sender"))
		case model.RoleState:
			args = append(args, g.c("State").Assert(g.Type(p.Type)))
		default:
			args = append(args, g.dataArgument(h, p, fields))
		}
	}
	return args
}

// c is a method call of the runtime's Call.
func (g *gateway) c(method string, args ...jen.Code) *jen.Statement {
	return jen.Id(g.Local("c")).Dot(method).Call(args...)
}

func (g *gateway) returnIf(err jen.Code) jen.Code {
	return jen.If(jen.Add(err).Op("!=").Nil()).Block(jen.Return(err))
}
