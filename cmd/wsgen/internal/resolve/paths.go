package resolve

import (
	"fmt"
	pathpkg "path"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/servemux"
)

// path is the effective path of a gateway.
func (r *resolver) path(d *directive.Directive) string {
	if len(d.Args) == 0 {
		return ""
	}
	arg := d.Args[0]
	path := arg.Value
	if !strings.HasPrefix(path, "/") {
		code, help := diag.BadPath, diag.Paste("a path begins with a slash", spell("/"+path))
		if i := strings.Index(path, "/"); strings.ContainsAny(path, " .") {
			code, help = diag.MethodInPath, "a path names no method and no host: those are for the ServeMux that the router is mounted on"
			if i > 0 {
				help = diag.Paste(help+"; write it as", spell(path[i:]))
			}
		}
		r.report(code, value(arg), fmt.Sprintf("the path %s does not begin with a slash", path), help)
		return ""
	}
	if o, ok := d.Option("version"); ok {
		if n, err := strconv.Atoi(o.Value); err != nil || n < 1 || strconv.Itoa(n) != o.Value {
			r.report(diag.BadValue, value(o), "version= cannot be "+o.Value, "it is a number from 1 up, such as 1, which serves /v1"+path)
		} else {
			if rest, ok := strings.CutPrefix(path, "/v"); ok && rest != "" && '0' <= rest[0] && rest[0] <= '9' {
				r.warn(diag.VersionTwice, value(o), fmt.Sprintf("the path is /v%s%s: it has a version of its own already", o.Value, path), "remove it from the path, or remove version=")
			}
			path = "/v" + o.Value + path
		}
	}
	if clean := cleaned(arg.Value); clean != arg.Value {
		r.report(diag.UncleanPath, value(arg), fmt.Sprintf("no request has the path %s: ServeMux cleans it first", path), diag.Paste("write the path as it arrives", spell(clean)))
		return ""
	}
	if why := badPattern(path); why != "" {
		help := "wildcards are whole segments, {name}, or {name...} at the end"
		if strings.Contains(path, " ") {
			help = diag.Paste("a space in a path is written as %20", strings.ReplaceAll(arg.Value, " ", "%20"))
		}
		r.report(diag.BadWildcard, value(arg), fmt.Sprintf("the path %s is not one that ServeMux accepts: %s", path, why), help)
		return ""
	}
	if i := strings.IndexAny(arg.Value, "?#"); i >= 0 {
		r.report(diag.UncleanPath, value(arg), fmt.Sprintf("no request has the path %s: a path ends before %s", arg.Value, arg.Value[i:i+1]),
			diag.Paste("write the path alone", spell(cleaned(arg.Value[:i]))))
		return ""
	}
	return path
}

// cleaned is a path as requests have it. A slash at the end stays: it stands for
// all that is below.
func cleaned(path string) string {
	clean := pathpkg.Clean(path)
	if strings.HasSuffix(path, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// paths reports gateways that cannot be served beside each other. It compares
// those of an application. Of the rest it compares those of a main package, which
// is a program of its own, and then all others together.
func (r *resolver) paths() {
	byModel := map[*model.Gateway]*gateway{}
	served := map[*gateway]bool{}
	var rest []*gateway
	for _, p := range r.pkgs {
		for _, g := range p.gateways {
			byModel[g.model] = g
		}
	}
	for _, p := range r.pkgs {
		if p.model.App == nil {
			continue
		}
		var group []*gateway
		for _, g := range p.model.App.Gateways {
			group = append(group, byModel[g.Gateway])
			served[byModel[g.Gateway]] = true
		}
		r.distinct(p, group)
	}
	for _, p := range r.pkgs {
		unserved := slices.DeleteFunc(slices.Clone(p.gateways), func(g *gateway) bool { return served[g] })
		if p.src.Name == "main" {
			r.distinct(nil, unserved)
		} else {
			rest = append(rest, unserved...)
		}
	}
	r.distinct(nil, rest)
}

// distinct reports each gateway whose path conflicts with an earlier one of what
// an application serves, or, if app is nil, nobody.
func (r *resolver) distinct(app *pkg, group []*gateway) {
	patterns := make([]servemux.Pattern, len(group))
	var served []servemux.Pattern
	for i, g := range group {
		pattern, err := servemux.Parse(g.model.Path)
		if err != nil {
			continue // it has no path, and that was reported
		}
		patterns[i] = pattern
		if !slices.ContainsFunc(served, func(earlier servemux.Pattern) bool { return clash(pattern, earlier) }) {
			served = append(served, pattern)
			continue
		}
		r.owner = g.pkg.src
		// The first one to name may be one that conflicts itself.
		j := slices.IndexFunc(patterns[:i], func(earlier servemux.Pattern) bool { return clash(pattern, earlier) })
		earlier := group[j]
		help, equal := servemux.Conflict(pattern, patterns[j])
		message := fmt.Sprintf("the paths %s and %s overlap, and neither is more specific", g.model.Path, earlier.model.Path)
		if equal {
			message, help = fmt.Sprintf("the path %s is taken", g.model.Path), "choose another path"
		}
		related := []diag.Related{r.related(value(earlier.directive.Args[0]), "the path of "+earlier.obj.Name())}
		if directive := r.apart(app, earlier, g); directive != "" {
			help = diag.Paste(help+"; if they are of two services, have each application name its own", directive)
			related = append(related, r.related(head(app.app), "the application that serves both"))
		}
		r.report(diag.PathConflict, value(g.directive.Args[0]), message, help, related...)
	}
}

// clash reports whether ServeMux does not take both patterns.
func clash(a, b servemux.Pattern) bool {
	why, _ := servemux.Conflict(a, b)
	return why != ""
}

// badPattern says why ServeMux does not take a path, or "".
func badPattern(path string) string {
	if strings.ContainsAny(path, " \t") {
		return "it has a space"
	}
	if c, ok := directive.Unseen(path); ok {
		return fmt.Sprintf("it has a character that nobody sees: U+%04X", c)
	}
	if _, err := servemux.Parse(path); err != nil {
		return err.Error()
	}
	return ""
}
