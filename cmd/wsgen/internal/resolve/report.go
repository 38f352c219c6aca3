package resolve

import (
	"go/token"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

func (r *resolver) position(p token.Pos) token.Position {
	if !p.IsValid() {
		return token.Position{}
	}
	return r.src.Position(p)
}

func (r *resolver) report(code diag.Code, where span, message, help string, related ...diag.Related) {
	r.list = append(r.list, owned{diag.Diagnostic{
		Code: code, Pos: r.position(where.Pos()), End: r.position(where.End()),
		Message: message, Help: help, Related: related,
	}, r.owner})
}

// warn reports what does not stop the run.
func (r *resolver) warn(code diag.Code, where span, message, help string, related ...diag.Related) {
	r.report(code, where, message, help, related...)
	r.list[len(r.list)-1].Warning = true
}

// reportOnce is report for what is one mistake wherever it shows, such as a type
// that is missing: further places are told beside the first one. key tells such
// a mistake from others of its code.
func (r *resolver) reportOnce(code diag.Code, key string, where span, message, help string) {
	key = string(code) + " " + key
	first, again := r.told[key]
	if !again {
		r.told[key] = len(r.list)
		r.report(code, where, message, help)
		return
	}
	d := &r.list[first]
	if place := r.position(where.Pos()); place != d.Pos && !slices.ContainsFunc(d.Related, func(rel diag.Related) bool { return rel.Pos == place }) {
		d.Related = append(d.Related, r.related(where, "and here"))
	}
	if r.owner.Requested {
		d.owner = r.owner
	}
}

func (r *resolver) related(where span, message string) diag.Related {
	return diag.Related{Pos: r.position(where.Pos()), Message: message}
}

func (r *resolver) problems(ps []directive.Problem) {
	for _, p := range ps {
		var related []diag.Related
		if p.Other.IsValid() {
			related = append(related, diag.Related{Pos: r.position(p.Other), Message: "the first one"})
		}
		r.report(p.Code, at{p.Pos, p.End}, p.Message, p.Help, related...)
	}
}

// quiet is r for a question that was answered before: it reports nothing.
func (r *resolver) quiet() *resolver {
	return &resolver{src: r.src, table: r.table, states: r.states, byPath: r.byPath}
}

// value is the span of an argument's value.
func value(a directive.Arg) span { return at{a.Val, a.End} }

// head is the span of a directive up to its name.
func head(d *directive.Directive) span { return at{d.Pos, d.NamePos + token.Pos(len(d.Name))} }

func nameSpan(obj types.Object) span {
	return at{obj.Pos(), obj.Pos() + token.Pos(len(obj.Name()))}
}

func varSpan(v *types.Var) span { return at{v.Pos(), v.Pos() + token.Pos(len(v.Name()))} }
