// Package resolve turns directives and types into the model. Every mistake a
// user can make is diagnosed here, all of them in one run.
package resolve

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// Options say what Resolve insists on. The zero value insists on nothing.
type Options struct {
	// RequirePosture refuses handlers of which nothing says who may use them.
	RequirePosture bool
	// Wire says that provider sets for google/wire are written. Then Resolve refuses
	// types that wire cannot take.
	Wire bool
	// Contracts ask for the API as clients see it, which costs time.
	Contracts []Wanted
	// Fuzz asks for what fuzz tests begin with, which costs time.
	Fuzz bool
	// Forms are what types of other modules are in JSON.
	Forms []Form
}

// Resolve makes the model of the requested packages of p. The list is sorted. The
// model must not be used if the list has errors, or if ctx has ended.
func Resolve(ctx context.Context, p *source.Program, opts Options) (*model.Program, diag.List) {
	r := &resolver{
		ctx: ctx, src: p, wire: opts.Wire, table: directive.Table(), cycles: p.Cycles(), byPath: map[string]*pkg{}, states: map[string]bool{},
		embedded: map[*types.TypeName]bool{}, pushed: map[*types.Func]bool{},
		guardTypes: map[*model.GuardRef]string{}, silent: silent{}, missing: map[string]*missing{}, told: map[string]int{}, formlessAt: map[token.Position]bool{},
		docs: map[*ast.File]map[declaration]*ast.CommentGroup{}, ownForms: map[string]wiretype.Override{}, examples: map[string][]string{}, codecForms: map[*wiretype.Type]*wiretype.Codec{},
	}
	r.json = wiretype.New(ctx, func(t types.Type, methods ...string) bool { return p.Varies(t, methods...) != source.Same })
	for _, sp := range p.Packages {
		r.owner = sp
		r.collect(sp)
	}
	r.each(r.types)
	said := r.forms(opts.Forms)
	r.each(r.overrides)
	r.each(r.exampled)
	r.each(r.gateways, r.pushes, r.questions)
	r.each(r.app, r.unclaimed, r.events, r.histories)
	r.each(r.ownGuards, r.clashes)
	r.each(r.compose)
	r.each(r.unserved)
	r.each(r.unasked)
	if opts.RequirePosture {
		r.each(r.postures)
	}
	r.paths()
	r.crossed()
	r.heard()
	r.logNames()
	r.unheard()
	r.typeErrors()
	m, list := r.program(), append(r.visible(), said...).Sort()
	if opts.Fuzz && !list.HasErrors() && ctx.Err() == nil {
		r.fuzz()
	}
	if len(opts.Contracts) > 0 && !list.HasErrors() && ctx.Err() == nil {
		more := r.contracts(m, opts.Contracts)
		list = slices.Concat(r.visible(), said, more).Sort()
	}
	return m, list
}

// each runs steps for every package, one package after the other.
func (r *resolver) each(steps ...func(*pkg)) {
	for _, p := range r.pkgs {
		r.owner = p.src
		for _, step := range steps {
			if r.ctx.Err() == nil {
				step(p)
			}
		}
	}
}

// program is the requested part of the model, and what belongs to it.
func (r *resolver) program() *model.Program {
	m := &model.Program{}
	served := r.served()
	for _, p := range r.pkgs {
		switch {
		case p.src.Requested:
			m.Packages = append(m.Packages, p.model)
		case p.model.App != nil:
			m.Elsewhere = append(m.Elsewhere, p.model.App)
		}
		if served[p] {
			m.Served = append(m.Served, p.model)
		}
	}
	return m
}

// visible drops diagnostics of packages that were not asked for, unless an
// application that was asked for may serve them.
func (r *resolver) visible() diag.List {
	all := false
	dirs := map[string]bool{}
	for _, p := range r.src.Packages {
		if p.Requested {
			dirs[p.Dir] = true
			pk := r.byPath[p.Path]
			all = all || pk != nil && pk.app != nil
		}
	}
	var list diag.List
	for _, d := range r.list {
		in := all || d.owner.Requested || dirs[filepath.Dir(d.Pos.Filename)]
		for _, rel := range d.Related {
			in = in || dirs[filepath.Dir(rel.Pos.Filename)]
		}
		if in {
			list = append(list, d.Diagnostic)
		}
	}
	return list
}
