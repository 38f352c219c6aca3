package directive

import (
	"cmp"
	"go/ast"
	"go/token"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// spot is where a comment group stands: at a Site, or at a place where no
// directive can be.
type spot struct {
	site Site
	// what names the declaration in a message: "a function", "the package clause".
	what string
	// outside says instead where the comment stands if that is above no
	// declaration, with its preposition: "at the end of a line".
	outside string
	// detached says that only a blank line separates the comment from site.
	detached bool
	// code is that of a directive here, if it is not Misplaced.
	code diag.Code
}

// refused is the code of a directive that does not belong at s.
func (s spot) refused() diag.Code { return cmp.Or(s.code, diag.Misplaced) }

// spots maps the comment groups of f to where they stand.
func spots(f *ast.File, fset *token.FileSet) map[*ast.CommentGroup]spot {
	m := map[*ast.CommentGroup]spot{}
	put := func(g *ast.CommentGroup, s spot) {
		if g != nil {
			s.site.File = f
			m[g] = s
		}
	}
	put(f.Doc, spot{site: Site{Place: PackageClause}, what: "the package clause"})
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			put(d.Doc, funcSpot(d))
		case *ast.GenDecl:
			genSpots(d, put)
		}
	}
	for _, g := range f.Comments {
		if _, ok := m[g]; !ok {
			put(g, looseSpot(f, fset, g))
		}
	}
	return m
}

func funcSpot(d *ast.FuncDecl) spot {
	if d.Recv == nil {
		return spot{what: "the function " + d.Name.Name, code: diag.OnFunction}
	}
	return spot{site: Site{Place: Method, Func: d}, what: "the method " + d.Name.Name}
}

func typeSpot(s *ast.TypeSpec) spot {
	return spot{site: Site{Place: Type, Type: s}, what: "the type " + s.Name.Name}
}

func genSpots(d *ast.GenDecl, put func(*ast.CommentGroup, spot)) {
	what := map[token.Token]string{
		token.IMPORT: "an import", token.CONST: "a constant", token.VAR: "a variable", token.TYPE: "a group of types",
	}[d.Tok]
	all := spot{what: what}
	if d.Tok == token.TYPE {
		all.code = diag.OnGroup
	}
	put(d.Doc, all)
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.ImportSpec:
			put(s.Doc, spot{what: what})
		case *ast.ValueSpec:
			put(s.Doc, spot{what: what})
		case *ast.TypeSpec:
			put(s.Doc, typeSpot(s))
			if !d.Lparen.IsValid() {
				put(d.Doc, typeSpot(s))
			}
			fieldSpots(s, put)
		}
	}
}

func fieldSpots(s *ast.TypeSpec, put func(*ast.CommentGroup, spot)) {
	switch t := s.Type.(type) {
	case *ast.StructType:
		for _, field := range t.Fields.List {
			put(field.Doc, spot{what: "a struct field"})
		}
	case *ast.InterfaceType:
		for _, field := range t.Methods.List {
			if len(field.Names) == 0 {
				put(field.Doc, spot{what: "an embedded interface"})
				continue
			}
			put(field.Doc, spot{
				site: Site{Place: InterfaceMethod, Type: s, Field: field},
				what: "the method " + field.Names[0].Name,
			})
		}
	}
}

// looseSpot is for a comment that documents nothing.
func looseSpot(f *ast.File, fset *token.FileSet, g *ast.CommentGroup) spot {
	if g.End() <= f.Package {
		return spot{site: Site{Place: PackageClause}, what: "the package clause", detached: true}
	}
	for _, decl := range f.Decls {
		if g.Pos() > decl.End() {
			continue
		}
		if g.Pos() > decl.Pos() {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil && g.Pos() > fn.Body.Lbrace {
				return spot{outside: "inside the body of " + fn.Name.Name, code: diag.InBody}
			}
			return spot{outside: "inside a declaration"}
		}
		if onLineOfCode(f, fset, g) {
			return spot{outside: "at the end of a line"}
		}
		s := declSpot(decl)
		s.detached = true
		return s
	}
	if onLineOfCode(f, fset, g) {
		return spot{outside: "at the end of a line"}
	}
	return spot{outside: "above no declaration"}
}

func declSpot(decl ast.Decl) spot {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return funcSpot(d)
	case *ast.GenDecl:
		if !d.Lparen.IsValid() && len(d.Specs) > 0 { // none in a broken file
			if s, ok := d.Specs[0].(*ast.TypeSpec); ok {
				return typeSpot(s)
			}
		}
	}
	return spot{what: "a declaration that takes none"}
}

// onLineOfCode reports whether g follows the end of a declaration, or of the
// package clause, on the same line.
func onLineOfCode(f *ast.File, fset *token.FileSet, g *ast.CommentGroup) bool {
	line := fset.Position(g.Pos()).Line
	if fset.Position(f.Name.End()).Line == line {
		return true
	}
	for _, decl := range f.Decls {
		if decl.End() <= g.Pos() && fset.Position(decl.End()).Line == line {
			return true
		}
	}
	return false
}
