package goserver

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// driftGuards makes the compiler compare the generated file with the source: a
// method that changed, or a guard that is none any more, is an error at its line
// there. It is nil if there is nothing to compare.
func driftGuards(f *gofile.File, pkg *model.Package) jen.Code {
	d := &drift{File: f, pkg: pkg, seen: map[string]bool{}}
	for _, g := range pkg.Gateways {
		d.methods(g)
	}
	for _, g := range pkg.Gateways {
		d.guards("ConnGuard", g.ConnGuards)
		d.guards("MessageGuard", g.MessageGuards)
		for _, h := range g.Handlers {
			d.guards("MessageGuard", h.Guards)
		}
	}
	if pkg.App != nil {
		d.guards("ConnGuard", pkg.App.ConnGuards)
		d.guards("MessageGuard", pkg.App.MessageGuards)
	}
	if len(d.lines) == 0 {
		return nil
	}
	return gofile.Doc("A handler changed? Run wsgen again.").
		Var().Custom(jen.Options{Open: "(", Close: ")", Multi: true}, d.lines...)
}

type drift struct {
	*gofile.File
	pkg   *model.Package
	seen  map[string]bool
	lines []jen.Code
}

func (d *drift) methods(g *model.Gateway) {
	for _, hook := range []*model.Hook{g.Connect, g.Disconnect, g.Configure} {
		if hook == nil {
			continue
		}
		var results []jen.Code
		if hook.State {
			results = append(results, d.Pointer(*g.State))
		}
		if hook.Err {
			results = append(results, jen.Error())
		}
		d.method(g, hook.Method, hook.Params, results)
	}
	for _, h := range g.Handlers {
		var results []jen.Code
		if h.Result != nil {
			results = append(results, d.Type(*h.Result))
		}
		if h.Err {
			results = append(results, jen.Error())
		}
		d.method(g, h.Method, h.Params, results)
	}
}

// method compares one method. The same one may handle several events.
func (d *drift) method(g *model.Gateway, name string, params []model.Param, results []jen.Code) {
	if d.seen[g.Name+"."+name] {
		return
	}
	d.seen[g.Name+"."+name] = true
	in := []jen.Code{jen.Op("*").Id(g.Name)}
	for _, p := range params {
		in = append(in, d.Type(p.Type))
	}
	sig := jen.Func().Params(in...)
	if len(results) == 1 {
		sig.Add(results[0])
	} else {
		sig.Params(results...)
	}
	d.lines = append(d.lines, jen.Id("_").Add(sig).Op("=").
		Parens(jen.Op("*").Id(g.Name)).Dot(name))
}

func (d *drift) guards(kind string, refs []*model.GuardRef) {
	for _, ref := range refs {
		key := kind + " " + guardKey(d.pkg, ref)
		if d.seen[key] {
			continue
		}
		d.seen[key] = true
		typ := d.Type(ref.Type)
		if !ref.Interface {
			typ = jen.Parens(jen.Op("*").Add(typ))
		}
		d.lines = append(d.lines, jen.Id("_").Add(d.Runtime(kind)).Op("=").Add(typ).Parens(jen.Nil()))
	}
}
