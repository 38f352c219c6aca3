package tsclient

import (
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// script is the part of a file of JavaScript that tells of a contract. It is that of
// TypeScript, with the types in JSDoc, where editors read them and engines do not
// (https://www.typescriptlang.org/docs/handbook/jsdoc-supported-types.html).
type script struct{ *file }

// bare writes types without the comments of members: one comment cannot stand in
// another.
func bare() typing { return typing{bare: true} }

// scriptOf is the text behind the common part.
func scriptOf(c *model.Contract) string {
	s := script{&file{contract: c, names: newNames(c)}}
	s.section("What travels")
	for _, def := range c.Defs {
		s.def(def)
	}
	s.codes()
	for _, registry := range c.Registries {
		s.registry(registry)
	}
	for _, g := range c.Gateways {
		s.gateway(g)
	}
	return s.text.String()
}

// flat is a type on one line of a comment, which it does not end.
func flat(t typed) string {
	var out strings.Builder
	t.argument().flatten(&out)
	return strings.ReplaceAll(out.String(), "*/", `*\/`) // in a string, where that is the same
}

// flatten writes d as if everything fitted.
func (d doc) flatten(out *strings.Builder) {
	switch d.kind {
	case isText, isChoice:
		out.WriteString(d.text)
	case isLine:
		out.WriteByte(' ')
	default:
		for _, part := range d.parts {
			part.flatten(out)
		}
	}
}

// tag is one of JSDoc, with a type.
func tag(name string, t typed, more ...string) string {
	return strings.Join(append([]string{"@" + name, "{" + flat(t) + "}"}, more...), " ")
}

// def declares a type.
func (s script) def(def *model.Def) {
	s.blank()
	c := comment{Doc: def.Doc, more: ofValues(def.Shape.Values), note: note(def.Shape)}
	if def.Shape.Kind != model.ShapeObject {
		c.tags = []string{tag("typedef", typing{lazy: circles(def), bare: true}.of(def.Shape), def.Name)}
		s.comment(0, c)
		return
	}
	var all []property
	for _, m := range def.Shape.Fields {
		all = append(all, property{m.Name, m.Optional, bare().of(m.Shape), comment{Doc: m.Doc, note: note(m.Shape)}})
	}
	c.tags = typedef(def.Name, all)
	s.comment(0, c)
}

// property is a member of a type that has a name.
type property struct {
	name     string
	optional bool
	typed    typed
	comment  comment
}

// typedef declares an object, with what its members mean, if their names can stand
// there without quotes.
func typedef(name string, all []property) []string {
	if len(all) == 0 || slices.ContainsFunc(all, func(p property) bool { return key(p.name) != p.name }) {
		var members []doc
		for _, p := range all {
			members = append(members, join(text(memberName(p.name, p.optional)), p.typed.behind()))
		}
		return []string{tag("typedef", object(members), name)}
	}
	tags := []string{"@typedef {object} " + name}
	for _, p := range all {
		name := p.name
		if p.optional {
			name = "[" + name + "]"
		}
		more := []string{name}
		if says := p.comment.oneLine(); says != "" {
			more = append(more, "- "+says)
		}
		tags = append(tags, tag("property", p.typed, more...))
	}
	return tags
}

// oneLine is a comment behind a tag.
func (c comment) oneLine() string {
	words := plain(c.Text)
	if c.note != "" {
		words += " (" + c.note + ")"
	}
	if c.Deprecated != "" {
		words += " Deprecated: " + plain(c.Deprecated)
	}
	return strings.ReplaceAll(" "+oneLine(words), " @", ` \@`)[1:] // there is no line to begin
}

// codes declares what WsError.code may be.
func (s script) codes() {
	all, c := s.allCodes()
	c.tags = []string{tag("typedef", union(all), "WsErrorCode")}
	s.blank()
	s.comment(0, c)
}

// registry declares what is pushed to clients of a registry, and asked of them.
func (s script) registry(r *model.Registry) {
	s.section("What " + r.Name + " pushes and asks")
	var pushes, asks []property
	for _, p := range r.Pushes {
		pushes = append(pushes, property{p.Event, false, bare().anyOf(p.Data, "null"), comment{Doc: p.Doc, note: note(p.Data...)}})
	}
	for _, a := range r.Asks {
		ask := generic("WsAsk", bare().anyOf(a.In, "null"), bare().anyOf(a.Out, "void"))
		asks = append(asks, property{a.Event, false, ask, comment{Doc: a.Doc}})
	}
	s.blank()
	s.comment(0, comment{tags: typedef(s.names.pushes[r], pushes)})
	s.blank()
	s.comment(0, comment{tags: typedef(s.names.asks[r], asks)})
}

// gateway declares what a gateway takes, and the class that speaks to it.
func (s script) gateway(g *model.Facade) {
	name := g.Package.Name + "." + g.Gateway.Name
	s.section(name + " at " + g.Gateway.Path)
	var sends []property
	for _, c := range sent(g) {
		sends = append(sends, property{c.Event, false, bare().sends(c), comment{}})
	}
	s.blank()
	s.comment(0, comment{Doc: whatTakes(name), tags: typedef(s.names.sends[g], sends)})
	s.blank()
	s.comment(0, comment{Doc: g.Doc, tags: []string{tag("extends", s.base(g))}})
	s.line(0, text("export class "+s.names.classes[g]+" extends WsClient {"))
	s.constructor(g)
	names := methods(g.Calls)
	for i, c := range g.Calls {
		s.method(c, names[i])
	}
	s.text.WriteString("}\n")
}

// constructor takes the wildcards of the path, if it has any.
func (s script) constructor(g *model.Facade) {
	where, wildcards := address(g)
	var params []doc
	var c comment
	if len(wildcards) > 0 {
		params = append(params, text("path"))
		c.tags = append(c.tags, tag("param", object(wildcards), "path"))
	}
	c.tags = append(c.tags, "@param {WsOptions} [options]")
	s.comment(1, c)
	s.line(1, join(group(text("constructor"), list("(", append(params, text("options")), ")")), text(" {")))
	s.super(where, g)
	s.line(1, text("}"))
}

// method is a call of a handler.
func (s script) method(c *model.Call, name string) {
	params := []doc{text("options")}
	about := ofMethod(c, name)
	if hasData(c) {
		params = []doc{text("data"), params[0]}
		about.tags = append(about.tags, tag("param", bare().dataOf(c.In), "data"))
	}
	about.tags = append(about.tags, "@param {WsCallOptions} [options]", tag("returns", bare().answer(c)))
	s.blank()
	s.comment(1, about)
	s.line(1, join(group(text(name), list("(", params, ")")), text(" {")))
	s.returns(c)
	s.line(1, text("}"))
}
