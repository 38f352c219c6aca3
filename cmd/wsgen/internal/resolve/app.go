package resolve

import (
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// app resolves the guards of an application; its members are known when every
// package is resolved.
func (r *resolver) app(p *pkg) {
	if p.app == nil {
		return
	}
	guards := r.guards(p.onClause, p.scope(p.app), p.src.Types, false)
	p.model.App = &model.App{Pos: r.position(p.app.Pos), ConnGuards: guards.conn, MessageGuards: guards.message}
}

// compose fills in what an application serves.
func (r *resolver) compose(p *pkg) {
	if p.app == nil {
		return
	}
	app := p.model.App
	p.members = r.members(p)
	for _, m := range p.members {
		ref := model.PackageRef{Path: m.src.Path, Name: m.src.Name}
		if m != p && m.provides() {
			app.Sets = append(app.Sets, ref)
		}
		for _, g := range m.gateways {
			if m != p && !g.obj.Exported() {
				r.report(diag.AppUnexported, g.directive.Site.Type.Name,
					fmt.Sprintf("the gateway %s is unexported, so the application %s cannot serve it", g.obj.Name(), p.src.Name),
					"export it", r.related(head(p.app), "the application"))
				continue
			}
			app.Gateways = append(app.Gateways, model.AppGateway{Package: ref, Gateway: g.model})
		}
	}
	r.hiddenGuards(p)
	if len(app.Gateways) == 0 && !slices.ContainsFunc(r.list, func(d owned) bool { return d.owner == p.src && !d.Warning }) {
		r.warn(diag.AppEmpty, head(p.app), "the application "+p.src.Name+" serves no gateway",
			"declare one in a package that it may import, or remove the directive")
	}
	app.Foreign = r.foreignGuards(p)
}

// hiddenGuards reports guards that wire cannot make for an application: it
// would have to name them in its package.
func (r *resolver) hiddenGuards(p *pkg) {
	if !r.wire {
		return // a function of their own package may make them
	}
	for _, m := range p.members {
		for _, g := range m.model.Guards {
			if m != p && g.Provider.Kind == model.ProviderStruct && !token.IsExported(g.Name) {
				obj := m.src.Types.Scope().Lookup(g.Name)
				r.report(diag.AppUnexported, nameSpan(obj), fmt.Sprintf("the guard %s is unexported, so the application %s cannot make one", g.Name, p.src.Name),
					"export it, or declare a constructor: New"+g.Name, r.related(head(p.app), "the application"))
			}
		}
	}
}

// provides reports whether p has anything for a WireSet.
func (p *pkg) provides() bool {
	m := p.model
	return len(m.Gateways)+len(m.Namespaces)+len(m.Pushes)+len(m.Asks)+len(m.Guards) > 0
}

// members are the packages that an application joins, itself included, by
// import path: those that it names, or all that it may import.
func (r *resolver) members(app *pkg) []*pkg {
	if len(app.app.Args) == 0 {
		var all []*pkg
		for _, p := range r.pkgs {
			if p == app || p.app == nil && r.refusal(app, p) == "" {
				all = append(all, p)
			}
		}
		return all
	}
	chosen := map[*pkg]bool{app: true}
	for _, arg := range app.app.Args {
		r.choose(app, arg, chosen)
	}
	var all []*pkg
	for _, p := range r.pkgs {
		if chosen[p] {
			all = append(all, p)
		}
	}
	return all
}

// choose adds the packages that one argument of //ws:app names.
func (r *resolver) choose(app *pkg, arg directive.Arg, chosen map[*pkg]bool) {
	found := false
	for _, base := range []string{r.src.Module.Dir, app.src.Dir} {
		for _, p := range r.pkgs {
			deep, ok := names(arg.Value, base, p)
			if !ok {
				continue
			}
			found = true
			switch why := r.refusal(app, p); {
			case p == app:
			case why != "" && deep: // one of many
			case why != "":
				r.report(diag.AppMember, value(arg), fmt.Sprintf("the application cannot serve %s: %s", p.src.Path, why), "leave it out")
			default:
				chosen[p] = true
			}
		}
		if found {
			return
		}
	}
	message, help := "there is no package with a gateway in "+arg.Value, "folders are relative to the module's root"
	var all []string
	for _, p := range r.pkgs {
		if p != app {
			all = append(all, "./"+rel(r.src.Module.Dir, p.src.Dir))
		}
	}
	near := directive.Closest(arg.Value, all)
	switch first, _, _ := strings.Cut(arg.Value, "/"); {
	case near != "":
		help = diag.Meant(near)
	case strings.Contains(strings.TrimLeft(first, "."), ".") && !strings.HasPrefix(arg.Value, r.src.Module.Path+"/"):
		message = arg.Value + " is not of this module, and an application serves its own gateways"
		help = "embed that gateway in one of yours, or mount its endpoint beside the router"
	}
	r.report(diag.AppNoPackage, value(arg), message, help)
}

// names reports whether a folder pattern, relative to base, or an import path
// names p.
func names(pattern, base string, p *pkg) (deep, ok bool) {
	pattern, deep = strings.CutSuffix(pattern, "/...")
	if p.src.Path == pattern || deep && strings.HasPrefix(p.src.Path, pattern+"/") {
		return deep, true
	}
	dir := filepath.Join(base, filepath.FromSlash(pattern))
	return deep, p.src.Dir == dir || deep && strings.HasPrefix(p.src.Dir, dir+string(filepath.Separator))
}

func rel(base, dir string) string {
	s, err := filepath.Rel(base, dir)
	if err != nil {
		return dir
	}
	return filepath.ToSlash(s)
}

// refusal says why app cannot import p, or "".
func (r *resolver) refusal(app, p *pkg) string {
	switch {
	case p == app:
		return ""
	case p.src.Name == "main":
		return "it is a main package"
	case p.app != nil:
		return "it is an application itself"
	case !gotype.InternalTo(app.src.Path, p.src.Path):
		return "it is internal to another folder"
	case r.reaches(p.src.Path, app.src.Path, map[string]bool{}):
		return "it imports the application"
	}
	return ""
}

// served are the packages of which nothing was asked for, and which the requested
// applications are built from: their members, and what the packages of those
// import.
func (r *resolver) served() map[*pkg]bool {
	found := map[*pkg]bool{}
	seen := map[string]bool{}
	var visit func(path string)
	visit = func(path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		if p := r.byPath[path]; p != nil && !p.src.Requested {
			found[p] = true
		}
		imports, _ := r.src.FromSource(path)
		for _, to := range imports {
			visit(to)
		}
	}
	for _, p := range r.pkgs {
		if p.app != nil && p.src.Requested {
			for _, m := range p.members {
				visit(m.src.Path)
			}
		}
	}
	return found
}

func (r *resolver) reaches(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	imports, _ := r.src.FromSource(from)
	return slices.ContainsFunc(imports, func(path string) bool { return r.reaches(path, to, seen) })
}

// foreignGuards are the guards used in an application that no joined set
// provides, each once.
func (r *resolver) foreignGuards(app *pkg) []*model.GuardRef {
	var (
		all  []*model.GuardRef
		seen = map[string]bool{}
	)
	joined := map[string]bool{app.src.Path: true}
	for _, s := range app.model.App.Sets {
		joined[s.Path] = true
	}
	add := func(refs []*model.GuardRef) {
		for _, g := range refs {
			key := fmt.Sprint(g.Decl)
			if !g.Foreign || joined[g.Decl.Package.Path] || seen[key] || !gotype.InternalTo(app.src.Path, g.Decl.Package.Path) {
				continue
			}
			seen[key] = true
			all = append(all, g)
		}
	}
	add(app.model.App.ConnGuards)
	add(app.model.App.MessageGuards)
	for _, g := range app.model.App.Gateways {
		add(g.Gateway.ConnGuards)
		add(g.Gateway.MessageGuards)
		for _, h := range g.Gateway.Handlers {
			add(h.Guards)
		}
	}
	return all
}
