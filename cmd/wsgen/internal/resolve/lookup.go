package resolve

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// sought is what a name in a directive has to be.
type sought struct {
	noun    string // as a message says: string constant
	keyword token.Token
	is      func(types.Object) bool
}

func aType() sought { return sought{"type", token.TYPE, isType} }

func aStringConst() sought { return sought{"string constant", token.CONST, isStringConst} }

// lookup finds name, or pkg.name where the file imports pkg. It reports what it
// cannot find; likely says what can have been meant.
func (r *resolver) lookup(s scope, a directive.Arg, what sought, likely func(types.Object) bool) types.Object {
	in, name := s.pkg, a.Value
	qualifier, rest, qualified := strings.Cut(a.Value, ".")
	if qualified {
		if in = r.imported(s.file, qualifier); in == nil {
			r.notImported(s, a, what)
			return nil
		}
		name = rest
		if !ast.IsExported(name) {
			r.report(diag.UnexportedName, value(a), a.Value+" is unexported", "export it, or name an exported "+what.noun)
			return nil
		}
	}
	obj := in.Scope().Lookup(name)
	if obj == nil && !qualified {
		obj = r.dotImported(s.file, name, what.is)
	}
	if obj != nil && what.is(obj) {
		return obj
	}
	if obj != nil {
		r.report(diag.AnotherKind, value(a), a.Value+" is not a "+what.noun, "name a "+what.noun+" here",
			r.related(at{obj.Pos(), obj.Pos()}, name+" is declared here"))
		return nil
	}
	r.reportOnce(diag.UnknownName, in.Path()+" "+what.keyword.String()+" "+name, value(a),
		fmt.Sprintf("package %s has no %s %s", in.Name(), what.noun, name), r.meant(s, a, in, likely))
	return nil
}

// meant is the help for a name that a package does not have.
func (r *resolver) meant(s scope, a directive.Arg, in *types.Package, fits func(types.Object) bool) string {
	if qualifier, name, ok := strings.Cut(a.Value, "."); ok {
		if near := directive.Closest(name, exported(in, fits)); near != "" {
			return diag.Meant(qualifier + "." + near)
		}
		return "name one that it has"
	}
	if at := r.elsewhere(use{file: s.file, name: a.Value}, fits); at != "" {
		return diag.Meant(at)
	}
	if near := directive.Closest(a.Value, declared(in, fits)); near != "" {
		return diag.Meant(near)
	}
	return "declare it, or name it by its package and import that"
}

// notImported reports pkg.name in a file that imports no pkg. An import that a
// comment alone uses is one too much for Go, so a declaration has to use it.
func (r *resolver) notImported(s scope, a directive.Arg, what sought) {
	qualifier, name, _ := strings.Cut(a.Value, ".")
	message := "this file imports no package " + qualifier
	from := r.pathOf(qualifier, name)
	if from == "" || !token.IsIdentifier(name) {
		r.reportOnce(diag.NotImported, s.pkg.Path()+r.position(s.file.Pos()).Filename+qualifier, value(a), message, "import it, and use it in this file: a comment alone does not count for Go")
		return
	}
	alias := name
	for s.pkg.Scope().Lookup(alias) != nil {
		alias += "_"
	}
	r.reportOnce(diag.NotImported, s.pkg.Path()+r.position(s.file.Pos()).Filename+a.Value, value(a), message,
		diag.Paste("import it, and use it, since a comment alone does not count for Go", fmt.Sprintf("%s %s = %s", what.keyword, alias, a.Value), importLine(qualifier, from)))
}

// lookupType looks for the type of a namespace.
func (r *resolver) lookupType(p *pkg, d *directive.Directive, a directive.Arg) *types.TypeName {
	obj, _ := r.lookup(p.scope(d), a, aType(), r.isNamespace).(*types.TypeName)
	return obj
}

// isNamespace reports whether o is a type that namespace= can name.
func (r *resolver) isNamespace(o types.Object) bool {
	t, ok := o.(*types.TypeName)
	if !ok || gotype.Invalid(t.Type()) {
		return false
	}
	decl := gotype.Named(t.Type())
	if decl == nil || decl.Pkg() == nil || !embedsServer(decl) {
		return false
	}
	home := r.byPath[decl.Pkg().Path()]
	return home == nil || home.has(decl, "namespace")
}

func embedsServer(obj *types.TypeName) bool {
	s, ok := obj.Type().Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Embedded() && gotype.IsPointer(f.Type(), model.RuntimePath, "Server") {
			return true
		}
	}
	return false
}

// constant returns the value of the string constant that a names.
func (r *resolver) constant(s scope, a directive.Arg) (string, bool) {
	obj, ok := r.lookup(s, a, aStringConst(), isStringConst).(*types.Const)
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
	return constOf(r.lookup(s, a, aStringConst(), isStringConst), from)
}

// constOf writes a string constant as a file of package from may; nil if it may not
// name it.
func constOf(obj types.Object, from *types.Package) *model.Const {
	typ := obj.Type()
	ref := &model.Const{
		Name: obj.Name(), Local: obj.Pkg().Path() == from.Path(),
		Typed: typ != types.Typ[types.UntypedString] && !types.Identical(typ, types.Typ[types.String]),
	}
	if !ref.Local {
		if !obj.Exported() || !gotype.Importable(from.Path(), obj.Pkg()) {
			return nil
		}
		ref.Package = model.PackageRef{Path: obj.Pkg().Path(), Name: obj.Pkg().Name()}
	}
	return ref
}
