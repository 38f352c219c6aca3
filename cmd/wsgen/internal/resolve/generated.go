package resolve

import (
	"go/ast"
	"go/types"
	"slices"
	"strconv"
)

// generated returns the names that wsgen declares in p, and what for.
func (r *resolver) generated(p *pkg) map[string]string {
	names := map[string]string{}
	for _, g := range p.gateways {
		x := g.obj.Name()
		for _, n := range []string{x + "Endpoint", "New" + x + "Endpoint", "ws" + x} {
			names[n] = "the gateway " + x
		}
	}
	objs, _ := p.marked("push")
	for _, obj := range objs {
		e := obj.Name()
		for _, n := range []string{"New" + e, "New" + e + "Push", "ws" + e} {
			names[n] = "the push interface " + e
		}
		if r.tellsPresence(obj) {
			names["New"+e+"Presence"] = "the push interface " + e
		}
	}
	objs, _ = p.marked("ask")
	for _, obj := range objs {
		for _, n := range []string{"New" + obj.Name() + "Ask", "ws" + obj.Name()} {
			names[n] = "the ask interface " + obj.Name()
		}
	}
	objs, _ = p.marked("namespace")
	for _, obj := range objs {
		names["New"+obj.Name()] = "the namespace " + obj.Name()
	}
	if p.app != nil {
		names["NewRouter"] = "the application"
	}
	if r.wire {
		names["WireSet"] = "wire"
	}
	return names
}

// ours reports whether an error is an undefined name that wsgen will declare.
func (r *resolver) ours(p *pkg, e typeError) bool {
	id := identAt(p, e.Pos)
	if id == nil {
		return false
	}
	home := p
	file := fileAt(p.src, e.Pos)
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel == id {
			if x, ok := sel.X.(*ast.Ident); ok {
				home = nil
				if pn, ok := p.src.Info.Uses[x].(*types.PkgName); ok {
					home = r.byPath[pn.Imported().Path()]
				}
			}
		}
		return true
	})
	if home == nil {
		return false
	}
	if id.Name == "WireSet" {
		return true
	}
	if _, ok := r.generated(home)[id.Name]; ok {
		return true
	}
	return home == p && r.dotted(file, id.Name)
}

// dotted reports whether file imports with a dot a package in which wsgen will
// declare name.
func (r *resolver) dotted(file *ast.File, name string) bool {
	return slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool {
		path, err := strconv.Unquote(s.Path.Value)
		if err != nil || s.Name == nil || s.Name.Name != "." || r.byPath[path] == nil {
			return false
		}
		_, ok := r.generated(r.byPath[path])[name]
		return ok
	})
}
