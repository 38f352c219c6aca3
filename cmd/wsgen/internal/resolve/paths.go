package resolve

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// paths reports gateways that cannot be served beside each other: those of one
// application, and among those of no application all but that main packages
// are programs of their own.
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
		r.distinct(group)
	}
	for _, p := range r.pkgs {
		unserved := slices.DeleteFunc(slices.Clone(p.gateways), func(g *gateway) bool { return served[g] })
		if p.src.Name == "main" {
			r.distinct(unserved)
		} else {
			rest = append(rest, unserved...)
		}
	}
	r.distinct(rest)
}

// distinct reports each gateway whose path conflicts with an earlier one.
func (r *resolver) distinct(group []*gateway) {
	mux := http.NewServeMux()
	for i, g := range group {
		if g.model.Path == "" || refused(mux, g.model.Path) == "" {
			continue
		}
		r.owner = g.pkg.src
		for _, earlier := range group[:i] {
			if earlier.model.Path == "" {
				continue
			}
			why, equal := conflict(earlier.model.Path, g.model.Path)
			if why == "" {
				continue
			}
			message := fmt.Sprintf("the paths %s and %s overlap, and neither is more specific", g.model.Path, earlier.model.Path)
			help := why
			if equal {
				message, help = fmt.Sprintf("the path %s is taken", g.model.Path), "choose another path"
			}
			r.report(diag.PathConflict, value(g.directive.Args[0]), message, help,
				r.related(value(earlier.directive.Args[0]), "the path of "+earlier.obj.Name()))
			break
		}
	}
}

// conflict asks ServeMux itself whether it takes both patterns.
func conflict(a, b string) (why string, equal bool) {
	mux := http.NewServeMux()
	mux.Handle(a, http.NotFoundHandler())
	text := refused(mux, b)
	if text == "" {
		return "", false
	}
	_, text, _ = strings.Cut(text, "\n")
	return text, strings.Contains(text, "matches the same requests")
}

// badPattern says why ServeMux does not take a path, or "".
func badPattern(path string) string {
	if strings.ContainsAny(path, " \t") {
		return "it has a space"
	}
	if c, ok := directive.Unseen(path); ok {
		return fmt.Sprintf("it has a character that nobody sees: U+%04X", c)
	}
	text := refused(http.NewServeMux(), path)
	if _, reason, ok := strings.Cut(text, "at offset "); ok {
		_, text, _ = strings.Cut(reason, ": ")
	}
	return text
}

// refused returns the text of the panic that registering pattern ends in, or "".
func refused(mux *http.ServeMux, pattern string) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	mux.Handle(pattern, http.NotFoundHandler())
	return ""
}
