package tsclient

import (
	"slices"
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
	f.line(0, join(text("export class "+f.names.classes[g]+" extends "), f.base(g).doc, text(" {")))
	f.constructor(g)
	names := methods(g.Calls)
	for i, c := range g.Calls {
		f.method(c, names[i])
	}
	f.text.WriteString("}\n")
}

// sends declares the events that need no answer, with their data.
func (f *file) sends(g *model.Facade, name string) {
	calls := sent(g)
	f.blank()
	f.comment(0, comment{Doc: whatTakes(name)})
	f.open("export interface "+f.names.sends[g], len(calls))
	for _, c := range calls {
		f.line(1, join(text(key(c.Event)+":"), typing{}.sends(c).behind(), text(";")))
	}
	f.close()
}

// sent are the calls that can be sent without asking for an answer. A stream is its
// answer.
func sent(g *model.Facade) (calls []*model.Call) {
	for _, c := range g.Calls {
		if !c.Stream {
			calls = append(calls, c)
		}
	}
	return calls
}

func whatTakes(name string) model.Doc { return model.Doc{Text: "What " + name + " takes, by event."} }

// base is what the class of a gateway extends.
func (f *file) base(g *model.Facade) typed {
	return generic("WsClient", named(f.names.pushes[g.Registry]), named(f.names.asks[g.Registry]), named(f.names.sends[g]))
}

// constructor takes the wildcards of the path, if it has any.
func (f *file) constructor(g *model.Facade) {
	where, wildcards := address(g)
	params := []doc{text("options?: WsOptions")}
	if len(wildcards) > 0 {
		params = []doc{join(text("path:"), object(wildcards).behind()), params[0]}
	}
	f.line(1, join(group(text("constructor"), list("(", params, ")")), text(" {")))
	f.super(where, g)
	f.line(1, text("}"))
}

// super hands path, digest and options on.
func (f *file) super(where string, g *model.Facade) {
	f.line(2, join(group(text("super"), list("(", []doc{text(where), text(quote(g.Digest)), text("options")}, ")")), text(";")))
}

// address is the path of a gateway as an expression, and the wildcards that it has as
// members of an object.
func address(g *model.Facade) (where string, wildcards []doc) {
	path := ""
	for _, s := range g.Path {
		if s.Wildcard == "" {
			path += s.Text
			continue
		}
		wildcards = append(wildcards, text(s.Wildcard+": string"))
	}
	if len(wildcards) > 0 {
		return template(g.Path), wildcards
	}
	return quote(path), nil
}

// template is a path with wildcards, as a template literal. A value of a wildcard is
// one part of the path, whatever is in it; that of the last may be several. "" is no part,
// as "." is none: another gateway would be meant. WsClient refuses both.
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
			out += "${encodeURIComponent(path." + s.Wildcard + `) || "."}`
		}
	}
	return out + "`"
}

// method is a call of a handler.
func (f *file) method(c *model.Call, name string) {
	params := []doc{text("options?: WsCallOptions")}
	if hasData(c) {
		params = []doc{join(text("data:"), typing{}.dataOf(c.In).behind()), params[0]}
	}
	f.blank()
	f.comment(1, ofMethod(c, name))
	f.line(1, join(signature(name, params, typing{}.answer(c)), text(" {")))
	f.returns(c)
	f.line(1, text("}"))
}

// ofMethod is the comment of a method of this name.
func ofMethod(c *model.Call, name string) comment {
	more := slices.DeleteFunc([]string{renamed(c, name), emit.Refusals(c)}, func(text string) bool { return text == "" })
	return comment{Doc: c.Doc, note: note(c.Out), more: strings.Join(more, "\n\n")}
}

// returns is the body of a method.
func (f *file) returns(c *model.Call) {
	call, data := "call", "undefined"
	if c.Stream {
		call = "stream"
	}
	if hasData(c) {
		data = "data"
	}
	args := []doc{text(quote(c.Event)), text(data), text("options")}
	f.line(2, join(group(text("return this."+call), list("(", args, ")")), text(";")))
}

// answer is what a method returns.
func (t typing) answer(c *model.Call) typed {
	result := keyword("void")
	if c.Out != nil {
		result = t.of(c.Out)
	}
	if c.Stream {
		return generic("AsyncGenerator", result, keyword("void"))
	}
	return generic("Promise", result)
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

// sends is the data of an event that is sent without asking for an answer.
func (t typing) sends(c *model.Call) typed {
	if !hasData(c) {
		return keyword("undefined")
	}
	return t.dataOf(c.In)
}

// dataOf is what a client sends with a call.
func (t typing) dataOf(in model.Data) typed {
	if in.Shape != nil {
		return t.of(in.Shape)
	}
	var members []doc
	for _, m := range in.Members {
		members = append(members, t.member(m.Name, !m.Required, m.Shape))
	}
	return object(members)
}
