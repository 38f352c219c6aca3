// Package resolve turns directives and types into the model. Every mistake a
// user can make is diagnosed here, all of them in one run.
package resolve

import (
	"cmp"
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

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
	// Wire says that provider sets for google/wire are written: then what wire
	// cannot take is refused.
	Wire bool
	// Contract asks for the API as clients see it, which costs time.
	Contract bool
}

// Resolve makes the model of the requested packages of p. The list is sorted;
// if it has errors the model must not be used, and if ctx has ended neither.
func Resolve(ctx context.Context, p *source.Program, opts Options) (*model.Program, diag.List) {
	r := &resolver{
		ctx: ctx, src: p, wire: opts.Wire, cycles: p.Cycles(), byPath: map[string]*pkg{}, states: map[string]bool{},
		embedded: map[*types.TypeName]bool{}, pushed: map[*types.Func]bool{},
		guardTypes: map[*model.GuardRef]string{}, silent: silent{}, missing: map[string]*missing{}, told: map[string]int{}, formlessAt: map[token.Position]bool{},
		docs: map[*ast.File]map[declaration]*ast.CommentGroup{},
	}
	r.json = wiretype.New(ctx, func(t types.Type, methods ...string) bool { return p.Varies(t, methods...) != source.Same })
	for _, sp := range p.Packages {
		r.owner = sp
		r.collect(sp)
	}
	r.each(r.types)
	r.each(r.gateways, r.pushes)
	r.each(r.app, r.unclaimed, r.events)
	r.each(r.ownGuards, r.clashes)
	r.each(r.compose)
	r.each(r.unasked)
	if opts.RequirePosture {
		r.each(r.postures)
	}
	r.paths()
	r.unheard()
	r.typeErrors()
	m, list := r.program(), r.visible().Sort()
	if opts.Contract && !list.HasErrors() && ctx.Err() == nil {
		m.Contract = r.contract()
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

// resolver is the state of one run.
type resolver struct {
	ctx    context.Context // of the run
	src    *source.Program
	wire   bool                   // provider sets are written
	json   *wiretype.Table        // what encoding/json makes of types
	cycles map[string]types.Error // generic types without end, by import path
	owner  *source.Package        // the package that is being resolved
	list   []owned
	pkgs   []*pkg // those with a directive
	byPath map[string]*pkg

	states     map[string]bool            // types marked //ws:state, by typeKey
	embedded   map[*types.TypeName]bool   // types whose methods some gateway has
	pushed     map[*types.Func]bool       // methods of push interfaces
	uses       []*model.GuardRef          // every use of a guard
	guardTypes map[*model.GuardRef]string // which type each is, aliases resolved
	silent     silent
	needed     []need                  // syntax whose types the model rests on
	missing    map[string]*missing     // names that nothing declares, by package and name
	told       map[string]int          // what reportOnce has told, and its place in list
	formlessAt map[token.Position]bool // fields without a form in JSON, told already
	docs       map[*ast.File]map[declaration]*ast.CommentGroup
}

// owned is a diagnostic, and the package in whose resolution it came up: not
// always the one it is in, as with a handler that is embedded from elsewhere.
type owned struct {
	diag.Diagnostic
	owner *source.Package
}

// pkg is an annotated package while it is resolved.
type pkg struct {
	src   *source.Package
	model *model.Package
	all   []*directive.Directive
	funcs map[*types.Func]*ast.FuncDecl
	// errors are what Go has to say about its declarations.
	errors []typeError

	onType   map[*types.TypeName][]*directive.Directive
	onFunc   map[*types.Func][]*directive.Directive
	onClause []*directive.Directive

	gateways []*gateway
	app      *directive.Directive
}

// collect reads the directives of one package and indexes them by what they
// stand above.
func (r *resolver) collect(sp *source.Package) {
	p := &pkg{
		src: sp, model: &model.Package{Path: sp.Path, Name: sp.Name, GoPackage: model.GoPackage{Dir: sp.Dir}}, errors: typeErrorsOf(sp.Errors),
		funcs:  map[*types.Func]*ast.FuncDecl{},
		onType: map[*types.TypeName][]*directive.Directive{},
		onFunc: map[*types.Func][]*directive.Directive{},
	}
	for _, f := range slices.Concat(sp.Others, r.constrained(sp.Files)) {
		code, why, help := diag.UnreadFile, "a test file", "move it to a file without _test.go"
		if name := r.fileName(f); !strings.HasSuffix(name, "_test.go") {
			code, why, help = diag.ConstrainedFile, cmp.Or(r.src.Module.Constrained(f, name), "a file that this build leaves out"), "move it to a file without build constraint: a gateway is the same on every platform"
		}
		r.problems(directive.Outside(f, code, why, help))
	}
	for _, f := range sp.Files {
		found, problems := directive.File(f, r.src.Fset)
		r.problems(problems)
		p.all = append(p.all, found...)
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				if obj, ok := sp.Info.Defs[fn.Name].(*types.Func); ok {
					p.funcs[obj] = fn
				}
			}
		}
	}
	p.all = slices.DeleteFunc(p.all, r.nameless)
	if len(p.all) == 0 {
		return
	}
	if sp.Name == "_" {
		r.report(diag.BlankName, p.all[0].Site.File.Name, "the package is called _: Go has no such package", "give it a name")
		return
	}
	p.model.Scope, p.model.TestScope = sp.Names, slices.Sorted(maps.Keys(sp.TestNames))
	for _, d := range p.all {
		r.index(p, d)
	}
	r.pkgs = append(r.pkgs, p)
	r.byPath[sp.Path] = p
}

// constrained are the files that this build has, and another may not: what is
// generated must not depend on where wsgen runs.
func (r *resolver) constrained(files []*ast.File) []*ast.File {
	return slices.DeleteFunc(slices.Clone(files), func(f *ast.File) bool {
		return r.src.Module.Constrained(f, r.fileName(f)) == ""
	})
}

// fileName is the name of a file on disk, whatever a //line comment says.
func (r *resolver) fileName(f *ast.File) string { return r.src.Fset.File(f.FileStart).Name() }

// nameless reports a directive on what cannot be named, so nothing could be
// generated for it.
func (r *resolver) nameless(d *directive.Directive) bool {
	var name *ast.Ident
	switch d.Site.Place {
	case directive.Type:
		name = d.Site.Type.Name
	case directive.Method:
		name = d.Site.Func.Name
	case directive.InterfaceMethod:
		name = d.Site.Field.Names[0]
	case directive.PackageClause:
		name = d.Site.File.Name
	}
	if name.Name != "_" {
		return false
	}
	r.report(diag.BlankName, name, "//ws:"+d.Name+" has no effect: what it stands above is called _, and has no name", "give it a name")
	return true
}

// index notes what a directive stands above. What has no object there is not
// declared by it: the name has another declaration.
func (r *resolver) index(p *pkg, d *directive.Directive) {
	defs := p.src.Info.Defs
	switch d.Site.Place {
	case directive.Type:
		if obj, ok := defs[d.Site.Type.Name].(*types.TypeName); ok {
			p.onType[obj] = append(p.onType[obj], d)
		} else {
			r.need(d.Site.Type)
		}
	case directive.Method:
		if obj, ok := defs[d.Site.Func.Name].(*types.Func); ok {
			p.onFunc[obj] = append(p.onFunc[obj], d)
		}
		r.need(d.Site.Func.Name) // a second one of that name is in no method set
	case directive.InterfaceMethod:
		if obj, ok := defs[d.Site.Field.Names[0]].(*types.Func); ok {
			p.onFunc[obj] = append(p.onFunc[obj], d)
		}
	case directive.PackageClause:
		p.onClause = append(p.onClause, d)
	}
}

// marked returns the types of p with the directive name, in source order, and
// that directive.
func (p *pkg) marked(name string) (types []*types.TypeName, ds []*directive.Directive) {
	for _, d := range p.all {
		if d.Name != name || d.Site.Place != directive.Type {
			continue
		}
		for obj, on := range p.onType {
			if slices.Contains(on, d) {
				types, ds = append(types, obj), append(ds, d)
			}
		}
	}
	return types, ds
}

// program is the requested part of the model.
func (r *resolver) program() *model.Program {
	m := &model.Program{}
	for _, p := range r.pkgs {
		switch {
		case p.src.Requested:
			m.Packages = append(m.Packages, p.model)
		case p.model.App != nil:
			m.Elsewhere = append(m.Elsewhere, p.model.App)
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

// ---- reporting

func (r *resolver) position(p token.Pos) token.Position {
	if !p.IsValid() {
		return token.Position{}
	}
	return r.src.Fset.Position(p)
}

// span is anything with a place in the source: a node, or a range.
type span interface {
	Pos() token.Pos
	End() token.Pos
}

// at is a span of its own.
type at struct{ pos, end token.Pos }

func (a at) Pos() token.Pos { return a.pos }

func (a at) End() token.Pos { return a.end }

// value is the span of an argument's value.
func value(a directive.Arg) span { return at{a.Val, a.End} }

// head is the span of a directive up to its name.
func head(d *directive.Directive) span { return at{d.Pos, d.NamePos + token.Pos(len(d.Name))} }

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
