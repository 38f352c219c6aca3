package resolve

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// scope is where the names in a directive are looked up: the package and the
// file that the directive stands in.
type scope struct {
	pkg  *types.Package
	file *ast.File
}

func (p *pkg) scope(d *directive.Directive) scope { return scope{p.src.Types, d.Site.File} }

// lookup finds name, or pkg.name where the file imports pkg. It reports what it
// cannot find; kind says in a message what should be there.
func (r *resolver) lookup(s scope, a directive.Arg, kind string, fits func(types.Object) bool) types.Object {
	in, name := s.pkg, a.Value
	if qualifier, rest, ok := strings.Cut(a.Value, "."); ok {
		if in = r.imported(s.file, qualifier); in == nil {
			r.report(diag.NotImported, value(a), fmt.Sprintf("this file imports no package %s", qualifier),
				"import it here, or give the type a name in this package: type "+rest+" = "+a.Value)
			return nil
		}
		name = rest
		if !ast.IsExported(name) {
			r.report(diag.UnexportedName, value(a), a.Value+" is unexported", "export it, or name an exported "+kind)
			return nil
		}
	}
	obj := in.Scope().Lookup(name)
	if obj != nil && fits(obj) {
		return obj
	}
	if obj != nil {
		r.report(diag.AnotherKind, value(a), a.Value+" is not a "+kind, "name a "+kind+" here",
			r.related(at{obj.Pos(), obj.Pos()}, name+" is declared here"))
		return nil
	}
	var candidates []string
	for _, n := range in.Scope().Names() {
		if fits(in.Scope().Lookup(n)) {
			candidates = append(candidates, n)
		}
	}
	help := "directives name identifiers of their own package; a type of another one comes in by alias: type " + name + " = other." + name
	if near := directive.Closest(name, candidates); near != "" {
		help = "did you mean " + strings.TrimSuffix(a.Value, name) + near + "?"
	}
	r.report(diag.UnknownName, value(a), fmt.Sprintf("package %s has no %s %s", in.Name(), kind, name), help)
	return nil
}

func (r *resolver) lookupType(p *pkg, d *directive.Directive, a directive.Arg) *types.TypeName {
	obj, _ := r.lookup(p.scope(d), a, "type", isType).(*types.TypeName)
	return obj
}

func isType(obj types.Object) bool { _, ok := obj.(*types.TypeName); return ok }

// imported returns the package that file knows as name, with its whole scope.
func (r *resolver) imported(file *ast.File, name string) *types.Package {
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || spec.Name != nil && spec.Name.Name != name {
			continue
		}
		pkg, err := r.src.Import(path)
		if err == nil && pkg != nil && (spec.Name != nil || pkg.Name() == name) {
			return pkg
		}
	}
	return nil
}

// constant returns the value of the string constant that a names.
func (r *resolver) constant(s scope, a directive.Arg) (string, bool) {
	obj, ok := r.lookup(s, a, "string constant", isStringConst).(*types.Const)
	if !ok {
		return "", false
	}
	return constant.StringVal(obj.Val()), true
}

func isStringConst(o types.Object) bool {
	c, ok := o.(*types.Const)
	return ok && c.Val().Kind() == constant.String
}

// constRef writes a constant that constant has found as a file of package from
// may; nil if it may not name it.
func (r *resolver) constRef(s scope, a directive.Arg, from *types.Package) *model.Const {
	obj := r.lookup(s, a, "string constant", isStringConst)
	typ := obj.Type()
	ref := &model.Const{
		Name: obj.Name(), Local: obj.Pkg().Path() == from.Path(),
		Typed: typ != types.Typ[types.UntypedString] && !types.Identical(typ, types.Typ[types.String]),
	}
	if !ref.Local {
		if !obj.Exported() || !importable(from.Path(), obj.Pkg()) {
			return nil
		}
		ref.Package = model.PackageRef{Path: obj.Pkg().Path(), Name: obj.Pkg().Name()}
	}
	return ref
}

// show writes a type for a message, as a file of package from would.
func (r *resolver) show(t types.Type, from *types.Package) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == from {
			return ""
		}
		if strings.HasSuffix(p.Path(), "wsgen/runtime") {
			return "ws"
		}
		return p.Name()
	})
}
