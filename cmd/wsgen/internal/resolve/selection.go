package resolve

import (
	"fmt"
	"go/token"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Wanted is a contract that an output asks for.
type Wanted struct {
	model.Selection
	Setting  string         // jsonschema
	Value    string         // what stands behind it, as it is written
	Pos, End token.Position // of Value; no line: it is a flag
}

// choice is a Selection with what it means.
type choice struct {
	selection model.Selection
	app       *pkg // nil: there is none
	members   []*pkg
	gateways  []*gateway
	covered   bool // by the run
}

// contracts adds those that are wanted to m, each selection once. What is known of an
// application that the run does not cover may have mistakes that are not told: then
// it has none.
func (r *resolver) contracts(m *model.Program, wanted []Wanted) (list diag.List) {
	for _, w := range wanted {
		c, problem := r.chosen(w)
		if problem != nil {
			problem.Pos, problem.End = w.Pos, w.End
			list = append(list, *problem)
		}
		same := func(m *model.Contract) bool { return m.Selection == w.Selection }
		switch {
		case c == nil, slices.ContainsFunc(m.Contracts, same), slices.ContainsFunc(m.Uncovered, same), r.ctx.Err() != nil:
		case c.covered:
			m.Contracts = append(m.Contracts, r.contract(*c))
		case !slices.ContainsFunc(r.list, func(d owned) bool { return !d.Warning }):
			m.Uncovered = append(m.Uncovered, r.contract(*c))
		}
	}
	return list
}

// chosen finds what a selection means; nil if it means nothing.
func (r *resolver) chosen(w Wanted) (*choice, *diag.Diagnostic) {
	app, problem := r.application(w)
	if problem != nil {
		return nil, problem
	}
	c := &choice{selection: w.Selection, app: app, members: r.pkgs}
	if app != nil {
		c.members, c.covered = app.members, app.src.Requested
	} else {
		c.covered = !slices.ContainsFunc(r.pkgs, func(p *pkg) bool { return !p.src.Requested })
	}
	var paths []string
	for _, p := range c.members {
		for _, g := range p.gateways {
			c.gateways = append(c.gateways, g)
			paths = append(paths, g.model.Path)
		}
	}
	if len(paths) == 0 && !c.covered {
		return nil, nil
	}
	if len(paths) == 0 {
		return c, &diag.Diagnostic{
			Code: diag.NoGateway, Warning: true, Message: w.Setting + " has no gateway to tell of",
			Help: "mark a struct //ws:gateway, or remove the setting",
		}
	}
	only := strings.Fields(w.Only)
	for _, path := range only {
		if !slices.Contains(paths, path) && !c.covered {
			return nil, nil
		}
		if !slices.Contains(paths, path) {
			help := "the paths are " + strings.Join(paths, ", ")
			if near := directive.Closest(path, paths); near != "" {
				help = diag.Meant(near)
			}
			return nil, &diag.Diagnostic{Code: diag.NoSuchPath, Message: "no gateway is served at " + path, Help: help}
		}
	}
	if len(only) > 0 {
		c.gateways = slices.DeleteFunc(c.gateways, func(g *gateway) bool { return !slices.Contains(only, g.model.Path) })
	}
	return c, nil
}

// application is the one that a selection means; nil if the module has none.
func (r *resolver) application(w Wanted) (*pkg, *diag.Diagnostic) {
	var apps []*pkg
	var folders []string
	for _, p := range r.pkgs {
		if p.app != nil {
			apps, folders = append(apps, p), append(folders, r.pattern(p.src.Dir))
		}
	}
	if w.App != "" {
		for _, p := range apps {
			if deep, ok := names(w.App, r.src.Module.Dir, p); ok && !deep {
				return p, nil
			}
		}
		help := "mark its package clause //ws:app"
		if near := directive.Closest(w.App, folders); near != "" {
			help = diag.Meant(near)
		} else if len(apps) > 0 {
			help = "the applications are " + and(folders)
		}
		return nil, &diag.Diagnostic{Code: diag.NoSuchApp, Message: "there is no application in " + w.App, Help: help}
	}
	switch len(apps) {
	case 0:
		return nil, nil
	case 1:
		return apps[0], nil
	}
	path, only, _ := strings.Cut(w.Value, " ")
	if only = strings.TrimSpace(only); only != "" {
		only = " " + only
	}
	return nil, &diag.Diagnostic{
		Code: diag.NoSuchApp, Message: fmt.Sprintf("there are %d applications, %s", len(apps), and(folders)),
		Help: diag.Paste("say whose gateways are meant", fmt.Sprintf("%s = %s from %s%s", w.Setting, path, folders[0], only)),
	}
}
