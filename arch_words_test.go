package wsgen_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// messageNames are what the generator calls a text for people, whole or in part.
var messageNames = []string{"Message", "Help", "message", "help", "why", "what", "where", "lost"}

// wordsDecide finds code of the generator that chooses by a message: a diagnostic
// code, say, or another word. The wording may change at any time, so a value beside
// the text has to carry its meaning. Code may ask only whether there is a text, and
// whether two are the same.
func wordsDecide(all []*source) []finding {
	var out []finding
	for _, s := range written(all) {
		if !within(s.dir, "cmd/wsgen") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if text := decider(n); text != "" {
				out = append(out, s.at(n.Pos(), "carry what it stands for as a value beside it", "the text %s decides something", text))
			}
			return true
		})
	}
	return out
}

// decider is the message that n looks into, or "".
func decider(n ast.Node) string {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op != token.EQL && n.Op != token.NEQ {
			return ""
		}
		for _, sides := range [][2]ast.Expr{{n.X, n.Y}, {n.Y, n.X}} {
			if text := messageName(sides[0]); text != "" && messageName(sides[1]) == "" && isWord(sides[1]) {
				return text
			}
		}
	case *ast.CallExpr:
		fn, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || len(n.Args) < 2 {
			return ""
		}
		if pkg, ok := fn.X.(*ast.Ident); ok && pkg.Name == "strings" && looksInto(fn.Sel.Name) {
			return messageName(n.Args[0])
		}
	case *ast.SwitchStmt:
		if text := messageName(n.Tag); text != "" {
			return text
		}
	}
	return ""
}

// looksInto reports whether a function of package strings asks what a text has.
func looksInto(name string) bool {
	return slices.ContainsFunc([]string{"Has", "Contains", "Cut", "Trim", "Index", "EqualFold"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

// messageName is the name of x if it is that of a message, or "".
func messageName(x ast.Expr) string {
	name := ""
	switch x := x.(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.SelectorExpr:
		name = x.Sel.Name
	}
	if slices.Contains(messageNames, name) {
		return name
	}
	return ""
}

// isWord reports whether x may be a text to compare with: a literal that is not
// empty, or a name.
func isWord(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BasicLit:
		return x.Kind == token.STRING && x.Value != `""`
	case *ast.Ident:
		return x.Name != "nil"
	}
	return false
}
