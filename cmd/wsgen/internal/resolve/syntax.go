package resolve

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

func fileAt(p *source.Package, pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}

// fileOf is the file of an annotated package that pos is in, or nil.
func (r *resolver) fileOf(pos token.Pos) *ast.File {
	for _, p := range r.pkgs {
		if f := fileAt(p.src, pos); f != nil {
			return f
		}
	}
	return nil
}

// typeName is the identifier that an embedded field, or a receiver, names its type
// by, or nil.
func typeName(x ast.Expr) *ast.Ident {
	for {
		switch t := x.(type) {
		case *ast.ParenExpr:
			x = t.X
		case *ast.StarExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		case *ast.SelectorExpr:
			return t.Sel
		case *ast.Ident:
			return t
		default:
			return nil
		}
	}
}

// receiver is the name of a method's receiver type.
func receiver(fn *ast.FuncDecl) string {
	if id := typeName(fn.Recv.List[0].Type); id != nil {
		return id.Name
	}
	return ""
}

// receiverOf is the type that fn is a method of, or nil: Go lets a broken
// program have methods without one.
func receiverOf(fn *types.Func) *types.TypeName {
	recv := fn.Signature().Recv()
	if recv == nil {
		return nil
	}
	return gotype.Named(gotype.Deref(recv.Type()))
}

// inModule reports whether pkg is of the module that wsgen runs in.
func (r *resolver) inModule(pkg *types.Package) bool { return r.src.InModule(pkg) }

// isGenerated reports whether obj is declared in a file that a tool wrote, as
// protoc does: nobody could act on a warning there.
func (r *resolver) isGenerated(obj *types.TypeName) bool {
	file := r.parsed(obj.Pos(), r.position(obj.Pos()).Filename)
	return file != nil && ast.IsGenerated(file)
}

// parsed is the syntax of the file that pos is in.
func (r *resolver) parsed(pos token.Pos, name string) *ast.File {
	for _, p := range r.src.Packages {
		if f := fileAt(p, pos); f != nil {
			return f
		}
	}
	return r.src.File(name)
}

// typeSpec is the declaration of a type of an annotated package.
func (r *resolver) typeSpec(obj *types.TypeName) *ast.TypeSpec {
	if obj.Pkg() == nil {
		return nil
	}
	p := r.byPath[obj.Pkg().Path()]
	if p == nil {
		return nil
	}
	for _, f := range p.src.Files {
		if obj.Pos() < f.FileStart || obj.Pos() > f.FileEnd {
			continue
		}
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, s := range gen.Specs {
				if spec := s.(*ast.TypeSpec); spec.Name.Pos() == obj.Pos() {
					return spec
				}
			}
		}
	}
	return nil
}

// fieldSpan is where a field stands.
func (r *resolver) fieldSpan(v *types.Var) span { return fieldSite{r, v, false} }

// tagSpan is where the tag of a field stands, or the field if its syntax was not
// read.
func (r *resolver) tagSpan(v *types.Var) span { return fieldSite{r, v, true} }

// fieldSite is a span that is looked for once there is something to say.
type fieldSite struct {
	r   *resolver
	v   *types.Var
	tag bool
}

func (f fieldSite) Pos() token.Pos { return f.span().Pos() }

func (f fieldSite) End() token.Pos { return f.span().End() }

func (f fieldSite) span() span {
	name, tag := f.r.field(f.v)
	if f.tag {
		return tag
	}
	return name
}

// field is where a field and its tag stand; the tag is the field if it has
// none. Export data knows lines only, so the file is read again for a type that
// comes from there.
func (r *resolver) field(v *types.Var) (name, tag span) {
	name, tag = nameSpan(v), nameSpan(v)
	where := r.position(v.Pos())
	file := r.parsed(v.Pos(), where.Filename)
	if file == nil {
		return name, tag
	}
	ast.Inspect(file, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		ids := field.Names
		if id := typeName(field.Type); v.Embedded() && len(ids) == 0 && id != nil {
			ids = []*ast.Ident{id}
		}
		for _, id := range ids {
			if id.Name == v.Name() && r.position(id.Pos()).Line == where.Line {
				name, tag = id, id
				if field.Tag != nil {
					tag = field.Tag
				}
			}
		}
		return true
	})
	return name, tag
}

// home is the annotated package that declares fn, or nil. The method of the
// interface error has no package.
func (r *resolver) home(fn *types.Func) *pkg {
	if fn.Pkg() == nil {
		return nil
	}
	return r.byPath[fn.Pkg().Path()]
}

// pushField finds the syntax of an interface method, if its package was parsed.
func (r *resolver) pushField(fn *types.Func) *ast.Field {
	home := r.home(fn)
	if home == nil {
		return nil
	}
	var found *ast.Field
	for _, f := range home.src.Files {
		if fn.Pos() < f.FileStart || fn.Pos() > f.FileEnd {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && len(field.Names) == 1 && field.Names[0].Pos() == fn.Pos() {
				found = field
			}
			return found == nil
		})
	}
	return found
}

// enclosing are the nodes of f that pos is in, from the outside in.
func enclosing(f *ast.File, pos token.Pos) []ast.Node {
	var nodes []ast.Node
	if f == nil {
		return nil
	}
	ast.Inspect(f, func(n ast.Node) bool {
		in := n != nil && n.Pos() <= pos && pos < n.End()
		if in {
			nodes = append(nodes, n)
		}
		return in
	})
	return nodes
}

// above is the innermost node of a kind.
func above[N ast.Node](around []ast.Node) (n N, ok bool) {
	for _, node := range slices.Backward(around) {
		if n, ok := node.(N); ok {
			return n, true
		}
	}
	return n, false
}

// qualifies reports whether the name at pos is that of a package: dto in dto.Text.
func qualifies(file *ast.File, pos token.Pos) bool {
	sel, ok := above[*ast.SelectorExpr](enclosing(file, pos))
	return ok && sel.X.Pos() == pos
}

// identAt is the identifier that begins at pos, in a selector the last one.
func identAt(p *pkg, pos token.Pos) *ast.Ident {
	var found *ast.Ident
	if f := fileAt(p.src, pos); f != nil {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if n.Sel.Pos() == pos {
					found = n.Sel
				}
			case *ast.Ident:
				if n.Pos() == pos {
					found = n
				}
			}
			return found == nil
		})
	}
	return found
}

func importAt(f *ast.File, pos token.Pos) bool {
	return slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return inside(pos, s) })
}
