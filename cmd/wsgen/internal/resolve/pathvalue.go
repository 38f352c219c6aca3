package resolve

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// pathValues warns of names that a method asks the path for, and that are not
// in it.
func (r *resolver) pathValues(g *gateway, m *bound) {
	if m.decl.Body == nil || g.model.Path == "" {
		return
	}
	asked := map[string]bool{} // parameters that have PathValue
	for v := range m.sig.Params().Variables() {
		if name, ok := gotype.Runtime(v.Type()); ok && name == "Client" || gotype.IsPointer(v.Type(), "net/http", "Request") {
			asked[v.Name()] = true
		}
	}
	names := wildcards(g.model.Path)
	ast.Inspect(m.decl.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "PathValue" {
			return true
		}
		x, isIdent := sel.X.(*ast.Ident)
		lit, isLit := call.Args[0].(*ast.BasicLit)
		if !isIdent || !isLit || lit.Kind != token.STRING || !asked[x.Name] {
			return true
		}
		name := strings.Trim(lit.Value, "\"`")
		if slices.Contains(names, name) {
			return true
		}
		help := "the path has no wildcard"
		var related []diag.Related
		if arg := g.directive.Args[0]; len(names) == 0 && token.IsIdentifier(name) {
			help = diag.Paste("the path has no wildcard; write it as", spell(strings.TrimSuffix(arg.Value, "/")+"/{"+name+"}"))
			related = append(related, r.related(value(arg), "the path"))
		} else if len(names) > 0 {
			help = "its wildcards are " + strings.Join(names, ", ")
			if near := directive.Closest(name, names); near != "" {
				help = diag.Meant(strconv.Quote(near))
			}
		}
		r.warn(diag.NoPathValue, lit, fmt.Sprintf("the path %s of %s has no {%s}, so this is always empty", g.model.Path, g.obj.Name(), name), help, related...)
		return true
	})
}

// wildcards are the names in a ServeMux path.
func wildcards(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok && name != "$}" {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "}"), "..."))
		}
	}
	return names
}
