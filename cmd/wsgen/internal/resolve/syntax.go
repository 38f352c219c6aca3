package resolve

import (
	"go/ast"
	"go/token"
	"go/types"
)

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
