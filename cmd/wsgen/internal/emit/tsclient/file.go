package tsclient

import (
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// file is the part of a file that tells of a contract.
type file struct {
	text     strings.Builder
	contract *model.Contract
	names    names
}

// ofContract is the text behind the common part.
func ofContract(c *model.Contract) string {
	f := &file{contract: c, names: newNames(c)}
	f.section("What travels")
	for _, def := range c.Defs {
		f.def(def)
	}
	f.codes()
	for _, registry := range c.Registries {
		f.registry(registry)
	}
	for _, g := range c.Gateways {
		f.gateway(g)
	}
	return f.text.String()
}

// section begins a part of the file.
func (f *file) section(title string) {
	if f.text.Len() > 0 {
		f.text.WriteByte('\n')
	}
	f.text.WriteString("// ==== " + title + " ====\n")
}

// blank stands in front of a declaration.
func (f *file) blank() { f.text.WriteByte('\n') }

// line writes d, laid out, and ends the line. Nothing of a file is deeper than depth
// levels but what d indents itself.
func (f *file) line(depth int, d doc) {
	f.text.WriteString(render(depth*2, join(text(strings.Repeat("  ", depth)), d)))
	f.text.WriteByte('\n')
}

// def declares a type.
func (f *file) def(def *model.Def) {
	f.blank()
	f.comment(0, comment{Doc: def.Doc, more: ofValues(def.Shape.Values), note: note(def.Shape)})
	if def.Shape.Kind != model.ShapeObject {
		f.line(0, join(text("export type "+def.Name+" ="), typing{lazy: circles(def)}.of(def.Shape).behind(), text(";")))
		return
	}
	f.open("export interface "+def.Name, len(def.Shape.Fields))
	for _, m := range def.Shape.Fields {
		f.comment(1, comment{Doc: m.Doc, note: note(m.Shape)})
		f.line(1, join(typing{}.member(m.Name, m.Optional, m.Shape), text(";")))
	}
	f.close()
}

// open begins a declaration with so many members, and close ends it.
func (f *file) open(head string, members int) {
	f.text.WriteString(head + " {")
	if members > 0 {
		f.text.WriteByte('\n')
	}
}

func (f *file) close() { f.text.WriteString("}\n") }

// ownCodes are those of package ws, in the order of its file.
func ownCodes() []string {
	return []string{
		"bad_frame", "unknown_event", "invalid_payload", "validation_failed", "unauthenticated", "forbidden", "not_found",
		"conflict", "rate_limited", "timeout", "canceled", "too_large", "unavailable", "internal",
	}
}

// codes declares what WsError.code may be.
func (f *file) codes() {
	all, about := f.allCodes()
	f.blank()
	f.comment(0, about)
	f.line(0, join(text("export type WsErrorCode ="), union(all).behind(), text(";")))
}

// allCodes are wsgen's codes, and behind them the program's own, with what to say of
// them.
func (f *file) allCodes() (all []typed, about comment) {
	seen := map[string]bool{}
	add := func(code string) {
		if !seen[code] {
			seen[code] = true
			all = append(all, literal(quote(code)))
		}
	}
	for _, code := range ownCodes() {
		add(code)
	}
	var more []string
	for _, code := range f.contract.Codes {
		add(code.Code)
		if code.Doc.Text != "" {
			more = append(more, "- "+code.Code+": "+oneLine(code.Doc.Text))
		}
	}
	return all, comment{Doc: model.Doc{Text: "The codes of refusals, those of wsgen first."}, more: strings.Join(more, "\n")}
}

// registry declares what is pushed to clients of a registry, and asked of them.
func (f *file) registry(r *model.Registry) {
	f.section("What " + r.Name + " pushes and asks")
	f.blank()
	f.open("export interface "+f.names.pushes[r], len(r.Pushes))
	for _, p := range r.Pushes {
		f.comment(1, comment{Doc: p.Doc, note: note(p.Data...)})
		f.line(1, join(text(key(p.Event)+":"), typing{}.anyOf(p.Data, "null").behind(), text(";")))
	}
	f.close()
	f.blank()
	f.open("export interface "+f.names.asks[r], len(r.Asks))
	for _, a := range r.Asks {
		f.comment(1, comment{Doc: a.Doc})
		ask := generic("WsAsk", typing{}.anyOf(a.In, "null"), typing{}.anyOf(a.Out, "void"))
		f.line(1, join(text(key(a.Event)+": "), ask.doc, text(";")))
	}
	f.close()
}
