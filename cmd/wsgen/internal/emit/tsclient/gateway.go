package tsclient

import (
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// gateway declares what a gateway takes, and the class that speaks to it.
func (f *file) gateway(g *model.Facade) {
	name := g.Package.Name + "." + g.Gateway.Name
	f.section(name + " at " + g.Gateway.Path)
	f.sends(g, name)
	f.blank()
	f.comment(0, comment{Doc: g.Doc})
	base := generic("WsClient", named(f.names.pushes[g.Registry]), named(f.names.asks[g.Registry]), named(f.names.sends[g]))
	f.line(0, join(text("export class "+f.names.classes[g]+" extends "), base.doc, text(" {")))
	f.constructor(g)
	names := methods(g.Calls)
	for i, c := range g.Calls {
		f.method(c, names[i])
	}
	f.text.WriteString("}\n")
}

// sends declares the events that need no answer, with their data. A stream is its
// answer.
func (f *file) sends(g *model.Facade, name string) {
	var calls []*model.Call
	for _, c := range g.Calls {
		if !c.Stream {
			calls = append(calls, c)
		}
	}
	f.blank()
	f.comment(0, comment{Doc: model.Doc{Text: "What " + name + " takes, by event."}})
	f.open("export interface "+f.names.sends[g], len(calls))
	for _, c := range calls {
		data := keyword("undefined")
		if hasData(c) {
			data = dataOf(c.In)
		}
		f.line(1, join(text(key(c.Event)+":"), data.behind(), text(";")))
	}
	f.close()
}

// constructor takes the wildcards of the path, if it has any.
func (f *file) constructor(g *model.Facade) {
	options := text("options?: WsOptions")
	params := []doc{options}
	var wildcards []doc
	path, plain := "", true
	for _, s := range g.Path {
		if s.Wildcard == "" {
			path += s.Text
			continue
		}
		plain = false
		wildcards = append(wildcards, text(s.Wildcard+": string"))
	}
	where := quote(path)
	if !plain {
		where = template(g.Path)
		params = []doc{join(text("path:"), object(wildcards).behind()), options}
	}
	f.line(1, join(group(text("constructor"), list("(", params, ")")), text(" {")))
	f.line(2, join(group(text("super"), list("(", []doc{text(where), text(quote(g.Digest)), text("options")}, ")")), text(";")))
	f.line(1, text("}"))
}

// template is a path with wildcards, as a template literal. A value of a wildcard is
// one part of the path, whatever is in it; that of the last may be several.
func template(path []model.Segment) string {
	escape := strings.NewReplacer("\\", "\\\\", "`", "\\`", "${", "\\${")
	out := "`"
	for _, s := range path {
		switch {
		case s.Wildcard == "":
			out += escape.Replace(s.Text)
		case s.Rest:
			out += "${path." + s.Wildcard + `.split("/").map(encodeURIComponent).join("/")}`
		default:
			out += "${encodeURIComponent(path." + s.Wildcard + ")}"
		}
	}
	return out + "`"
}

// method is a call of a handler.
func (f *file) method(c *model.Call, name string) {
	params := []doc{text("options?: WsCallOptions")}
	data := "undefined"
	if hasData(c) {
		data = "data"
		params = []doc{join(text("data:"), dataOf(c.In).behind()), params[0]}
	}
	call, result := "call", keyword("void")
	if c.Out != nil {
		result = typeOf(c.Out)
	}
	answer := generic("Promise", result)
	if c.Stream {
		call, answer = "stream", generic("AsyncGenerator", result, keyword("void"))
	}
	f.blank()
	f.comment(1, comment{Doc: c.Doc, note: note(c.Out), more: emit.Refusals(c)})
	f.line(1, join(signature(name, params, answer), text(" {")))
	args := []doc{text(quote(c.Event)), text(data), text("options")}
	f.line(2, join(group(text("return this."+call), list("(", args, ")")), text(";")))
	f.line(1, text("}"))
}

// signature is that of a method. Parameters stay on a line of their own if only the
// object that is returned does not fit there.
func signature(name string, params []doc, answer typed) doc {
	list := list("(", params, ")")
	flat := group(text(name), list, text(": "), answer.doc)
	if len(params) == 1 && answer.object && len(render(2, join(text("  "), flat))) > width-len(" {") {
		return group(text(name), group(list), text(": "), answer.doc.hardened())
	}
	return flat
}

func hasData(c *model.Call) bool { return c.In.Form != model.DataNone }

// dataOf is what a client sends with a call.
func dataOf(in model.Data) typed {
	if in.Shape != nil {
		return typeOf(in.Shape)
	}
	var members []doc
	for _, m := range in.Members {
		members = append(members, member(m.Name, !m.Required, m.Shape))
	}
	return object(members)
}
