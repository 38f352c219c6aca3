package resolve

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// unserved warns of gateways that an application would serve, which serves all
// that it may import, if it could import them: they are left out, and nothing
// else says so. A main package is a program of its own, and an application that
// names its packages leaves out the others on purpose.
func (r *resolver) unserved(p *pkg) {
	if p.app != nil || p.src.Name == "main" || len(p.gateways) == 0 ||
		slices.ContainsFunc(r.pkgs, func(app *pkg) bool { return slices.Contains(app.members, p) }) {
		return
	}
	for _, app := range r.pkgs {
		if app.app == nil || len(app.app.Args) > 0 {
			continue
		}
		why, help := "it is internal to another folder", "move it out of that folder, or the application into it"
		if gotype.InternalTo(app.src.Path, p.src.Path) {
			why, help = "it imports the application", "move what it needs from there into a package that both import"
		}
		g := p.gateways[0]
		r.warn(diag.Unserved, head(g.directive), fmt.Sprintf("no application serves %s: %s cannot import its package, since %s", g.obj.Name(), app.src.Name, why),
			diag.Paste(help+"; if nobody is to serve it, name what is served", r.naming(app)), r.related(head(app.app), "the application"))
		return
	}
}

// naming is the directive of an application that names what it serves now.
func (r *resolver) naming(app *pkg) string {
	words := []string{"//ws:app"}
	for _, m := range app.members {
		if len(m.gateways) > 0 || len(app.members) == 1 {
			words = append(words, r.pattern(m.src.Dir))
		}
	}
	return strings.Join(words, " ")
}

// pattern is a folder as //ws:app names it.
func (r *resolver) pattern(dir string) string {
	path := rel(r.src.Module.Dir, dir)
	if path == "." {
		return path
	}
	return "./" + path
}

// apart is the directive by which one of several applications keeps to its own
// service, if two gateways that it serves are of two: the folder that it has in
// common with one of them and not with the other, and all below. "" if there is
// none.
func (r *resolver) apart(app *pkg, a, b *gateway) string {
	if app == nil || len(app.app.Args) > 0 || !slices.ContainsFunc(r.pkgs, func(p *pkg) bool { return p.app != nil && p != app }) {
		return ""
	}
	for dir := app.src.Dir; dir != r.src.Module.Dir && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		in := func(g *gateway) bool {
			return strings.HasPrefix(g.pkg.src.Dir+string(filepath.Separator), dir+string(filepath.Separator))
		}
		if in(a) != in(b) {
			return "//ws:app " + r.pattern(dir) + "/..."
		}
		if in(a) {
			return ""
		}
	}
	// Neither stands with it: it is the application's to choose.
	words := []string{"//ws:app"}
	for _, m := range app.members {
		if len(m.gateways) > 0 && m != b.pkg {
			words = append(words, r.pattern(m.src.Dir))
		}
	}
	return strings.Join(words, " ")
}
