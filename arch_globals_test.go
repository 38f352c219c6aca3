package wsgen_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// noInit finds functions init: a program's start is its main, and a package that
// is imported does nothing.
func noInit(all []*source) []finding {
	var out []finding
	for _, s := range all {
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && !s.test {
				out = append(out, s.at(fn.Pos(), "call it from where it is needed", "func init"))
			}
		}
	}
	return out
}

// noGlobals finds package variables that are none of these:
//
//   - blank: an assertion for the compiler
//   - a sync.Pool
//   - an error sentinel: ErrX or errX, made by errors.New or a function NewX
//   - an embed.FS, or a string or []byte that go:embed fills
//   - a table: unexported, a literal, a regular expression, a replacer or a
//     provider set, and no code of the package assigns to it, to a part of it,
//     or takes its address
func noGlobals(all []*source) []finding {
	var out []finding
	for _, s := range all {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				for i, name := range spec.(*ast.ValueSpec).Names {
					if why := mutable(all, s, gen, spec.(*ast.ValueSpec), i); why != "" {
						out = append(out, s.at(name.Pos(), "make it a field, a parameter, a constant or a function that returns it",
							"package variable %s %s", name.Name, why))
					}
				}
			}
		}
	}
	return out
}

var (
	sentinelName = regexp.MustCompile(`^[Ee]rr[A-Z]`)
	makesError   = regexp.MustCompile(`^(errors\.New|fmt\.Errorf|(\w+\.)?New\w*)$`)
	makesTable   = regexp.MustCompile(`^(regexp\.MustCompile|strings\.NewReplacer|wire\.NewSet)$`)
)

// mutable says why the i-th name of spec is mutable state, or "".
func mutable(all []*source, s *source, gen *ast.GenDecl, spec *ast.ValueSpec, i int) string {
	name := spec.Names[i]
	typ := exprText(spec.Type)
	var value ast.Expr
	if i < len(spec.Values) {
		value = spec.Values[i]
	}
	call := ""
	switch v := value.(type) {
	case *ast.CallExpr:
		call = exprText(v.Fun)
	case *ast.CompositeLit:
		if typ == "" {
			typ = exprText(v.Type)
		}
	}
	switch {
	case name.Name == "_", typ == "sync.Pool", typ == "embed.FS", embedded(gen, spec):
		return ""
	case sentinelName.MatchString(name.Name) && makesError.MatchString(call):
		return ""
	case strings.HasPrefix(typ, "sync.") || strings.HasPrefix(typ, "atomic."):
		return "is shared mutable state (" + typ + ")"
	}
	_, literal := value.(*ast.CompositeLit)
	_, basic := value.(*ast.BasicLit)
	provides := call == "wire.NewSet"
	switch {
	case !literal && !basic && !makesTable.MatchString(call):
		return "is no sync.Pool, error sentinel, embedded file or literal table"
	case name.IsExported() && !provides:
		return "is exported: any package may change it"
	}
	for _, other := range all {
		if other.dir == s.dir && other.file.Name.Name == s.file.Name.Name {
			if pos := writes(other, name.Name, spec); pos.IsValid() {
				return "is changed in " + other.fset.Position(pos).String()
			}
		}
	}
	return ""
}

func embedded(gen *ast.GenDecl, spec *ast.ValueSpec) bool {
	return slices.ContainsFunc([]*ast.CommentGroup{gen.Doc, spec.Doc}, func(g *ast.CommentGroup) bool {
		return g != nil && slices.ContainsFunc(g.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
	})
}

// writes finds a place in s that changes package variable name: an assignment
// to it or through it, its address, delete or clear.
func writes(s *source, name string, spec *ast.ValueSpec) token.Pos {
	found := token.NoPos
	check := func(e ast.Expr) {
		// The parser resolves what is declared in the file, so a local of the
		// same name has another declaration, and one that is unresolved here
		// belongs to the package.
		if id := root(e); id != nil && id.Name == name && (id.Obj == nil || id.Obj.Decl == spec) {
			found = e.Pos()
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					check(e)
				}
			}
		case *ast.IncDecStmt:
			check(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				check(n.X)
			}
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				check(n.Key)
				check(n.Value)
			}
		case *ast.CallExpr:
			if fn := exprText(n.Fun); (fn == "delete" || fn == "clear") && len(n.Args) > 0 {
				check(n.Args[0])
			}
		}
		return !found.IsValid()
	})
	return found
}

// root is x of x.f[i].g, or nil.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// exprText is a name or pkg.Name as it stands; "" for anything else.
func exprText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return exprText(e.X) + "." + e.Sel.Name
	}
	return ""
}
