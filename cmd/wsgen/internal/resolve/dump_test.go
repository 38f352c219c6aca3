package resolve_test

import (
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// dump writes a model as text, one thing a line.
func dump(m *model.Program) string {
	d := &dumper{}
	for _, p := range m.Packages {
		d.pkg(p)
	}
	for _, p := range m.Served {
		d.line(0, "served", p.Path)
	}
	return d.b.String()
}

type dumper struct{ b strings.Builder }

func (d *dumper) line(depth int, words ...string) {
	var kept []string
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	fmt.Fprintf(&d.b, "%s%s\n", strings.Repeat("  ", depth), strings.Join(kept, " "))
}

func (d *dumper) pkg(p *model.Package) {
	d.line(0, "package", p.Path, p.Name)
	d.line(1, "scope", strings.Join(p.Scope, " "))
	for i, c := range p.Codecs {
		d.line(1, "codec", fmt.Sprint(i+1), codec(c))
	}
	for _, g := range p.Gateways {
		d.gateway(g)
	}
	for _, n := range p.Namespaces {
		d.line(1, "namespace", n.Name, provider(n.Provider))
	}
	for _, p := range p.Pushes {
		d.line(1, "push", p.Name, ref(p.Namespace), when(p.OwnNew, "own-new"), when(p.OwnNewPush, "own-new-push"), history(p.History))
		for _, m := range p.Methods {
			in := ""
			if m.Param != nil {
				in = typ(m.Param.Type) + coded(m.Param.Codec)
			}
			d.line(2, "event", m.Event, m.Name+"("+in+")", when(m.Count, "int"), when(m.Err, "error"), when(m.Kept, "kept"), presence(m.Presence))
		}
	}
	for _, a := range p.Asks {
		d.line(1, "ask", a.Name, ref(a.Namespace), when(a.OwnNewAsk, "own-new-ask"))
		for _, m := range a.Methods {
			in, out := "", ""
			if m.Param != nil {
				in = typ(m.Param.Type)
			}
			if m.Result != nil {
				out = typ(*m.Result) + coded(m.ResultCodec)
			}
			d.line(2, "question", m.Event, m.Name+"("+in+")", out)
		}
	}
	for _, g := range p.Guards {
		d.line(1, "guard", g.Name, provider(g.Provider))
	}
	if a := p.App; a != nil {
		d.line(1, "app", guards("conn", a.ConnGuards), guards("message", a.MessageGuards), guards("foreign", a.Foreign))
		for _, g := range a.Gateways {
			d.line(2, "serves", g.Package.Path, g.Gateway.Name, g.Gateway.Path)
		}
		for _, s := range a.Sets {
			d.line(2, "joins", s.Path, s.Name)
		}
	}
}

func history(h *model.History) string {
	if h == nil {
		return ""
	}
	return fmt.Sprintf("history=%s/%d/%s", h.Name, h.Size, h.TTL)
}

func presence(p *model.People) string {
	if p == nil {
		return ""
	}
	return "presence of " + typ(p.Meta) + coded(p.Codec) + fmt.Sprintf(" linger=%s", p.Linger) + when(p.Max > 0, fmt.Sprint(" max=", p.Max)) + when(p.Room, " room")
}

func (d *dumper) gateway(g *model.Gateway) {
	d.line(1, "gateway", g.Name, g.Path, ref(g.Namespace), g.Protocol, provider(g.Provider), when(g.State != nil, "state="+ref(g.State)),
		guards("conn", g.ConnGuards), guards("message", g.MessageGuards), when(g.Public, "public"))
	if h := g.Connect; h != nil {
		d.line(2, "connect", h.Method+params(h.Params), when(h.State, "state"), when(h.Err, "error"))
	}
	if h := g.Disconnect; h != nil {
		d.line(2, "disconnect", h.Method+params(h.Params))
	}
	if h := g.Configure; h != nil {
		d.line(2, "configure", h.Method+params(h.Params))
	}
	forms := []string{"none", "whole", "nullable", "scalar", "object"}
	modes := []string{"inline", "serial", "parallel"}
	streams := []string{"", "stream=seq", "stream=seq2", "stream=chan"}
	for _, h := range g.Handlers {
		d.line(2, "on", fmt.Sprintf("%q", h.Event), h.Method+params(h.Params), ref(h.Result)+coded(h.ResultCodec), streams[h.Stream], when(h.Err, "error"),
			"data="+forms[h.Data]+when(h.Plain, "+"), modes[h.Mode], when(h.Timeout != 0, "timeout="+h.Timeout.String()), when(h.Max != 0, fmt.Sprint("max=", h.Max)),
			guards("message", h.Guards), when(h.Public, "public"), when(h.Closed, "errors="+strings.Join(refusals(h.Errors), ",")))
	}
}

// refusals are codes, each with its constant.
func refusals(all []model.Refusal) (words []string) {
	for _, e := range all {
		word := e.Code
		if e.Const != nil {
			word += "=" + strings.TrimPrefix(e.Const.Package.Name+"."+e.Const.Name, ".")
		}
		words = append(words, word)
	}
	return words
}

func params(ps []model.Param) string {
	roles := []string{"data", "context", "client", "sender", "state", "request", "closed", "options"}
	var words []string
	for _, p := range ps {
		w := roles[p.Role]
		if p.Role == model.RoleData {
			w = "data " + p.Name + " " + typ(p.Type) + when(p.Optional, "?") + coded(p.Codec) +
				[]string{"", " validate", " check", " found", " found-validate"}[p.Check] + when(len(p.Through) > 0, " through "+strings.Join(p.Through, " "))
		}
		words = append(words, w)
	}
	return "(" + strings.Join(words, ", ") + ")"
}

// coded is the number of a codec, if there is one: +3.
func coded(ref model.CodecRef) string { return when(ref != 0, fmt.Sprintf("+%d", ref)) }

// codec is the form of a codec, its type, and what it holds: struct .Point x=X:2
// y=Y:2, where 2 is the codec of the field, and 0 encoding/json.
func codec(c model.Codec) string {
	words := []string{[]string{
		"string", "bool", "int", "uint", "float32", "float64", "time", "raw", "bytes", "slice", "array", "map", "pointer", "struct",
	}[c.Kind], typ(c.Type)}
	if c.Elem != 0 {
		words = append(words, "of", fmt.Sprint(c.Elem))
	}
	if len(c.Rests) > 1 {
		words = append(words, "rests")
		for _, d := range c.Rests[1:] {
			words = append(words, typ(d.Type))
		}
	}
	conditions := []string{"", "never", "true", "!=0", "!=empty", "len", "!=nil", "!=zero", "!IsZero"}
	for _, m := range c.Members {
		word := m.JSON + "="
		for i, step := range m.Path {
			word += when(i > 0, ".") + when(step.New != nil, "*") + step.Name
		}
		word += fmt.Sprint(":", m.Codec) + when(m.Quoted, " quoted")
		for _, p := range m.When {
			word += " if " + conditions[p]
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func provider(p model.Provider) string {
	return []string{"", "func=" + p.Func, "fill", "generated"}[p.Kind]
}

func guards(kind string, gs []*model.GuardRef) string {
	if len(gs) == 0 {
		return ""
	}
	var words []string
	for _, g := range gs {
		w := g.Name + ":" + typ(g.Type)
		if g.Foreign {
			w += "=" + typ(g.Decl) + " " + provider(g.Provider)
		}
		words = append(words, strings.TrimSpace(w)+when(g.Interface, " interface"))
	}
	return kind + "[" + strings.Join(words, ", ") + "]"
}

func when(on bool, word string) string {
	if on {
		return word
	}
	return ""
}

func ref(t *model.TypeRef) string {
	if t == nil {
		return ""
	}
	return typ(*t)
}

func typ(t model.TypeRef) string {
	elem := func() string { return typ(*t.Elem) }
	switch t.Kind {
	case model.TypePointer:
		return "*" + elem()
	case model.TypeSlice:
		return "[]" + elem()
	case model.TypeArray:
		return fmt.Sprintf("[%d]%s", t.Len, elem())
	case model.TypeMap:
		return "map[" + typ(*t.Key) + "]" + elem()
	case model.TypeChan:
		return "chan " + elem()
	case model.TypeStruct:
		return fmt.Sprintf("struct{%d}", len(t.Fields))
	}
	name := t.Name
	if t.Package.Path != "" {
		name = t.Package.Path + "." + name
	}
	if t.Local {
		name = "." + name
	}
	if len(t.Args) > 0 {
		var args []string
		for _, a := range t.Args {
			args = append(args, typ(a))
		}
		name += "[" + strings.Join(args, ",") + "]"
	}
	return name
}
