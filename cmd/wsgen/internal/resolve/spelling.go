package resolve

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// spelling is the help for a name that is not declared: the one that it was
// probably meant to be, if that can stand in its place.
func (r *resolver) spelling(u use) string {
	around := enclosing(u.file, u.where.Pos())
	if sel, ok := above[*ast.SelectorExpr](around); ok && qualifies(u.file, u.where.Pos()) {
		return r.importOf(u.file, u.name, sel.Sel.Name)
	}
	fits := fitting(around)
	if qualifier, word, ok := strings.Cut(u.name, "."); ok && u.file != nil {
		in := r.imported(u.file, qualifier)
		if in == nil {
			return "import the package that declares it"
		}
		if near := directive.Closest(word, exported(in, fits)); near != "" {
			return diag.Meant(qualifier + "." + near)
		}
		return "package " + in.Name() + " declares nothing of that name"
	}
	candidates := declared(u.pkg.src.Types, fits)
	if !inReceiver(around) {
		if u.name == strings.ToLower(u.name) {
			candidates = append(candidates, predeclared(fits)...)
		} else if basic := strings.ToLower(u.name); slices.Contains(predeclared(fits), basic) {
			return diag.Meant(basic)
		}
		if at := r.elsewhere(u, fits); at != "" {
			return diag.Meant(at)
		}
	}
	if near := directive.Closest(u.name, candidates); near != "" {
		return diag.Meant(near)
	}
	return "declare it, or name it by its package and import that"
}

// elsewhere is a name of a package that the file imports, if one is called like
// that.
func (r *resolver) elsewhere(u use, fits func(types.Object) bool) string {
	if u.file == nil || !ast.IsExported(u.name) {
		return ""
	}
	for _, spec := range u.file.Imports {
		in := r.importedBy(spec)
		name := importName(spec, in)
		if in == nil || name == "_" || name == "." {
			continue
		}
		if obj := in.Scope().Lookup(u.name); obj != nil && fits(obj) {
			return name + "." + u.name
		}
	}
	return ""
}

// importOf is the help for a package that a file does not import, and that
// should declare name.
func (r *resolver) importOf(file *ast.File, qualifier, name string) string {
	from := r.pathOf(qualifier, name)
	if from == "" {
		return "import the package that declares " + qualifier + "." + name
	}
	return diag.Paste("add the import", importLine(qualifier, from))
}

// fitting says what may stand where a name does, as far as that shows.
func fitting(around []ast.Node) func(types.Object) bool {
	var inner ast.Node
	for i := len(around) - 1; i > 0; i-- {
		inner = around[i]
		switch outer := around[i-1].(type) {
		case *ast.ArrayType:
			if outer.Len == inner {
				return isLength
			}
		case *ast.IndexExpr:
			if outer.X == inner {
				return func(o types.Object) bool { return isType(o) && !bare(o.Type()) && usable(o) }
			}
		case *ast.IndexListExpr:
			if outer.X == inner {
				return func(o types.Object) bool { return isType(o) && !bare(o.Type()) && usable(o) }
			}
		case *ast.MapType:
			if outer.Key == inner {
				return func(o types.Object) bool { return usable(o) && bare(o.Type()) && types.Comparable(o.Type()) }
			}
		case *ast.Field:
			if i > 2 && len(outer.Names) == 0 {
				if _, ok := around[i-3].(*ast.InterfaceType); ok {
					return func(o types.Object) bool { return usable(o) && bare(o.Type()) && types.IsInterface(o.Type()) }
				}
			}
		}
	}
	return func(o types.Object) bool { return usable(o) && bare(o.Type()) }
}

// usable reports whether o is a type that a variable may have.
func usable(o types.Object) bool {
	if !isType(o) || gotype.Invalid(o.Type()) {
		return false
	}
	iface, ok := o.Type().Underlying().(*types.Interface)
	return !ok || iface.IsMethodSet() && o.Name() != "comparable"
}

// bare reports whether t is named without type arguments.
func bare(t types.Type) bool {
	switch t := t.(type) {
	case *types.Named:
		return t.TypeParams().Len() == 0
	case *types.Alias:
		return t.TypeParams().Len() == 0
	}
	return true
}

func isLength(o types.Object) bool {
	c, ok := o.(*types.Const)
	if !ok {
		return false
	}
	b, ok := c.Type().Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

func declared(in *types.Package, fits func(types.Object) bool) []string {
	return slices.DeleteFunc(in.Scope().Names(), func(n string) bool { return n == "_" || !fits(in.Scope().Lookup(n)) })
}

func exported(in *types.Package, fits func(types.Object) bool) []string {
	return slices.DeleteFunc(declared(in, fits), func(n string) bool { return !ast.IsExported(n) })
}

func predeclared(fits func(types.Object) bool) []string {
	return slices.DeleteFunc(types.Universe.Names(), func(n string) bool { return !fits(types.Universe.Lookup(n)) })
}

// inReceiver reports whether the innermost node is the type of a receiver: one
// that the package declares itself.
func inReceiver(around []ast.Node) bool {
	fn, ok := above[*ast.FuncDecl](around)
	return ok && fn.Recv != nil && slices.ContainsFunc(around, func(n ast.Node) bool { return n == fn.Recv })
}
