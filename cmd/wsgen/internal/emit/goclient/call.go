package goclient

import (
	"cmp"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// call is the method of a handler.
func (w *writer) call(client, name string, call *model.Call) jen.Code {
	params, empty, data := w.data(call)
	otherwise := name + " sends the event " + call.Event + "."
	given := append([]jen.Code{jen.Id("ctx").Add(w.Std("context", "Context"))}, params...)
	function := w.client("Do")
	results := jen.Error()
	switch {
	case call.Stream:
		function = w.client("Stream").Types(w.typ(call.Out))
		results = w.Std("iter", "Seq2").Types(w.typ(call.Out), jen.Error())
	case call.Out != nil:
		function = w.client("Call").Types(w.typ(call.Out))
		results = jen.Params(w.typ(call.Out), jen.Error())
	}
	own := renamed(call.Doc, call.Handler.Method, name)
	if more := emit.Refusals(call); more != "" {
		own.Text = cmp.Or(own.Text, otherwise) + "\n\n" + more
	}
	lines := doc(otherwise, own)
	return method(lines, client, name).Params(given...).Add(results).Block(
		append(empty, jen.Return(function.Call(jen.Id("ctx"), jen.Id("c").Dot("Client"), jen.Lit(call.Event), data)))...,
	)
}

// data is what a client sends with a call: the parameters, what makes lists of those
// that are nil, and the value.
func (w *writer) data(call *model.Call) (params, empty []jen.Code, value jen.Code) {
	locals := w.NewParams("ctx", "c")
	switch call.In.Form {
	case model.DataWhole, model.DataNullable:
		name := locals.Name(dataName(call.Handler))
		if !call.In.Shape.Null {
			empty = w.notNil(name, call.In.Shape)
		}
		return []jen.Code{jen.Id(name).Add(w.typ(call.In.Shape))}, empty, jen.Id(name)
	case model.DataScalar, model.DataObject:
		taken := map[string]bool{}
		var fields, values []jen.Code
		for _, m := range call.In.Members {
			name, typ, options := locals.Name(m.Name), w.base(m.Shape), []string(nil)
			if !m.Required {
				typ, options = w.pointer(m.Shape), []string{"omitempty"}
			} else {
				empty = append(empty, w.notNil(name, m.Shape)...)
			}
			params = append(params, jen.Id(name).Add(typ))
			fields = append(fields, jen.Id(free(taken, camel.Exported(m.Name))).Add(typ).Id(tag(m.Name, options...)))
			values = append(values, jen.Id(name))
		}
		return params, empty, jen.Struct(fields...).Values(values...)
	}
	return nil, nil, jen.Nil()
}

// dataName is the name of the parameter that is all of the data.
func dataName(h *model.Handler) string {
	for _, p := range h.Params {
		if p.Role == model.RoleData {
			return p.Name
		}
	}
	return "data"
}

// notNil makes a list, or a map, without elements of one that is nil, and would be
// null: the server refuses that.
func (w *writer) notNil(name string, s *model.Shape) []jen.Code {
	if !lists(s) {
		return nil
	}
	return []jen.Code{jen.If(jen.Id(name).Op("==").Nil()).Block(jen.Id(name).Op("=").Add(w.base(s)).Values())}
}
