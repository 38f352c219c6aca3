package resolve

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/build"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// missing is a name that nothing declares: one mistake, wherever it is used.
type missing struct {
	owner   *source.Package
	message string
	uses    []use
}

// use is a place where a name stands that is not declared.
type use struct {
	pkg   *pkg
	file  *ast.File
	where span
	name  string
}

// namedPlaces is how many further uses of a name are shown.
const namedPlaces = 3

// undefined notes the use of a name that is not declared.
func (r *resolver) undefined(p *pkg, file *ast.File, where span, name string) {
	key := p.src.Path + "." + name
	if qualifier, word, ok := strings.Cut(name, "."); ok && file != nil {
		if in := r.imported(file, qualifier); in != nil {
			key = in.Path() + "." + word
		}
	}
	m := r.missing[key]
	if m == nil {
		m = &missing{owner: r.owner, message: "undefined: " + name}
		r.missing[key] = m
	}
	if r.owner.Requested {
		m.owner = r.owner
	}
	if !slices.ContainsFunc(m.uses, func(u use) bool { return u.where.Pos() == where.Pos() }) {
		m.uses = append(m.uses, use{p, file, where, name})
	}
}

// tellMissing reports each name that is not declared, at its first use.
func (r *resolver) tellMissing() {
	for _, m := range r.missing {
		slices.SortFunc(m.uses, func(a, b use) int {
			pa, pb := r.position(a.where.Pos()), r.position(b.where.Pos())
			return cmp.Or(cmp.Compare(pa.Filename, pb.Filename), cmp.Compare(pa.Offset, pb.Offset))
		})
		var related []diag.Related
		for i, u := range m.uses[1:] {
			if i == namedPlaces {
				related[i-1].Message += ", and in " + more(len(m.uses)-1-namedPlaces)
				break
			}
			related = append(related, r.related(u.where, "it is used here, too"))
		}
		first := m.uses[0]
		r.owner = m.owner
		r.report(diag.TypeError, first.where, m.message, r.spelling(first), related...)
	}
}

func more(n int) string {
	if n == 1 {
		return "one more place"
	}
	return fmt.Sprintf("%d more places", n)
}

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

func importLine(name, importPath string) string {
	if path.Base(importPath) == name {
		return "import " + strconv.Quote(importPath)
	}
	return "import " + name + " " + strconv.Quote(importPath)
}

// pathOf is the import path that a package of some name most likely has: the
// runtime's, the one of this module that is called so, or one of the standard
// library.
func (r *resolver) pathOf(qualifier, name string) string {
	if qualifier == "ws" {
		return model.RuntimePath
	}
	var own []string
	for _, p := range r.src.Paths() {
		if path.Base(p) == qualifier {
			own = append(own, p)
		}
	}
	if len(own) == 1 {
		return own[0]
	}
	for _, p := range []string{qualifier, "encoding/" + qualifier, "net/" + qualifier, "math/" + qualifier, "sync/" + qualifier} {
		if !token.IsIdentifier(qualifier) || !ast.IsExported(name) {
			break
		}
		if info, err := os.Stat(filepath.Join(build.Default.GOROOT, "src", filepath.FromSlash(p))); err == nil && info.IsDir() && len(own) == 0 {
			return p
		}
	}
	return ""
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

// inReceiver reports whether the innermost node is the type of a receiver: one
// that the package declares itself.
func inReceiver(around []ast.Node) bool {
	fn, ok := above[*ast.FuncDecl](around)
	return ok && fn.Recv != nil && slices.ContainsFunc(around, func(n ast.Node) bool { return n == fn.Recv })
}
