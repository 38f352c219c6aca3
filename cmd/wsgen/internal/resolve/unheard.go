package resolve

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// unheard warns where a push method that returns nothing is called on one
// connection. The push may be shed, and a caller that pushes to one connection
// would want to know. A program without such methods pays nothing.
func (r *resolver) unheard() {
	if len(r.silent) == 0 {
		return
	}
	names := map[string]bool{}
	for _, methods := range r.silent {
		for name := range methods {
			names[name] = true
		}
	}
	all := slices.Collect(maps.Keys(names))
	may := func(text []byte) bool {
		return (bytes.Contains(text, []byte("Client(")) || bytes.Contains(text, []byte("Conn("))) &&
			slices.ContainsFunc(all, func(name string) bool { return bytes.Contains(text, []byte(name)) })
	}
	for _, b := range r.src.Bodies(may, func(fn *ast.FuncDecl) bool { return pushesToOne(fn, names) }) {
		for _, fn := range b.Funcs {
			r.unheardIn(fn, b.Info)
		}
	}
}

// pushesToOne reports whether a function may have such a call, judging by names.
func pushesToOne(fn *ast.FuncDecl, names map[string]bool) bool {
	method, one := false, false
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			method = method || names[sel.Sel.Name]
			one = one || sel.Sel.Name == "Client" || sel.Sel.Name == "Conn"
		}
		return !method || !one
	})
	return method && one
}

func (r *resolver) unheardIn(fn *ast.FuncDecl, info *types.Info) {
	o := ones{info: info, values: assigned(fn, info)}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		obj := gotype.Named(info.TypeOf(sel.X))
		if obj == nil {
			return true
		}
		method := r.silent[gotype.Key(obj)][sel.Sel.Name]
		if method == nil || !o.one(sel.X, map[*types.Var]bool{}) {
			return true
		}
		var related []diag.Related
		if where := r.pushField(method); where != nil {
			related = append(related, r.related(where.Names[0], "it is declared here"))
		}
		r.owner = r.byPath[obj.Pkg().Path()].src
		r.warn(diag.UnheardPush, sel.Sel, fmt.Sprintf("%s returns nothing, so nobody is told when this push to one connection is shed", sel.Sel.Name),
			"give the method of "+obj.Name()+" the results (int, error)", related...)
		return true
	})
}

// ones tells which values of a function address one connection.
type ones struct {
	info   *types.Info
	values map[*types.Var][]ast.Expr // all that each variable is set to; nil is an unknown value
}

// one reports whether x addresses one connection: Push.Client(c), Push.Conn(id)
// with one id, Push.To(server.Conn(id)), or a variable that is never anything
// else. seen are the variables that were looked at. If two variables are set to
// each other, only their other values count.
func (o ones) one(x ast.Expr, seen map[*types.Var]bool) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		v, ok := o.info.Uses[x].(*types.Var)
		values := o.values[v]
		if seen[v] {
			return true
		}
		seen[v] = true
		return ok && len(values) > 0 && !slices.ContainsFunc(values, func(value ast.Expr) bool {
			return value == nil || !o.one(value, seen)
		})
	case *ast.CallExpr:
		single := len(x.Args) == 1 && x.Ellipsis == token.NoPos
		switch o.runtimeMethod(x) {
		case "Push.Client":
			return true
		case "Push.Conn", "Server.Conn":
			return single
		case "Push.To":
			return single && o.one(x.Args[0], seen)
		}
	}
	return false
}

// runtimeMethod is the method of the runtime's that a call is of: "Push.Conn".
func (o ones) runtimeMethod(call *ast.CallExpr) string {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || o.info.Selections[sel] == nil {
		return ""
	}
	fn, ok := o.info.Selections[sel].Obj().(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != model.RuntimePath {
		return ""
	}
	if recv := receiverOf(fn.Origin()); recv != nil {
		return recv.Name() + "." + fn.Name()
	}
	return ""
}

// assigned is what the variables of a function are set to.
func assigned(fn *ast.FuncDecl, info *types.Info) map[*types.Var][]ast.Expr {
	values := map[*types.Var][]ast.Expr{}
	set := func(to ast.Expr, value ast.Expr) {
		id, ok := ast.Unparen(to).(*ast.Ident)
		if !ok {
			return
		}
		obj := info.Defs[id]
		if obj == nil {
			obj = info.Uses[id]
		}
		if v, ok := obj.(*types.Var); ok {
			values[v] = append(values[v], value)
		}
	}
	pairs := func(to, from []ast.Expr) {
		for i := range to {
			if len(to) == len(from) {
				set(to[i], from[i])
			} else {
				set(to[i], nil)
			}
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			pairs(n.Lhs, n.Rhs)
		case *ast.ValueSpec:
			to := make([]ast.Expr, len(n.Names))
			for i, name := range n.Names {
				to[i] = name
			}
			if len(n.Values) > 0 {
				pairs(to, n.Values)
			}
		case *ast.RangeStmt:
			for _, to := range []ast.Expr{n.Key, n.Value} {
				if to != nil {
					set(to, nil)
				}
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				set(n.X, nil) // from there on anybody may set it
			}
		case *ast.Field: // a parameter: whatever the caller has
			for _, name := range n.Names {
				set(name, nil)
			}
		}
		return true
	})
	return values
}
