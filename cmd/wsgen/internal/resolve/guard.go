package resolve

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// guards resolves the //ws:guard directives of ds, which were written in s, for
// generated code of package from. A handler takes message guards only.
func (r *resolver) guards(ds []*directive.Directive, s scope, from *types.Package, handler bool) guardSet {
	var (
		set  guardSet
		seen []string
	)
	for _, d := range ds {
		if d.Name != "guard" {
			continue
		}
		for _, o := range d.Args {
			if slices.Contains(seen, o.Value) {
				r.report(diag.GuardTwice, value(o), "the guard "+o.Value+" is named twice", "remove one of them")
				continue
			}
			seen = append(seen, o.Value)
			r.guard(&set, o, s, from, handler)
		}
	}
	return set
}

func (r *resolver) guard(set *guardSet, o directive.Arg, s scope, from *types.Package, handler bool) {
	obj, _ := r.lookup(s, o, aType(), func(o types.Object) bool {
		if !isType(o) || gotype.Invalid(o.Type()) || !bare(o.Type()) {
			return false
		}
		return !handler && isGuardConn(gotype.Method(o.Type(), "GuardConn")) || isGuardMessage(gotype.Method(o.Type(), "GuardMessage"))
	}).(*types.TypeName)
	if obj == nil {
		return
	}
	conn, message, ok := r.guardKinds(obj, o, handler)
	if !ok {
		return
	}
	if handler && !message {
		r.report(diag.WrongGuard, value(o), o.Value+" guards connections, and cannot guard a single handler",
			"move the directive to the gateway, or let "+o.Value+" guard messages, too: it has a method GuardMessage then")
		return
	}
	ref := r.guardRef(obj, o, from)
	if ref == nil {
		return
	}
	if conn && !handler {
		set.conn = append(set.conn, ref)
	}
	if message {
		set.message = append(set.message, ref)
	}
}

// guardKinds tells which guard interfaces obj has, and reports a type without any.
func (r *resolver) guardKinds(obj *types.TypeName, o directive.Arg, handler bool) (conn, message, ok bool) {
	t := obj.Type()
	if n, isNamed := types.Unalias(t).(*types.Named); isNamed && n.TypeParams().Len() > 0 && n.TypeArgs().Len() == 0 {
		r.report(diag.Generic, value(o), "the guard "+o.Value+" has type parameters",
			"declare a type that is an instance of it, and name that")
		return false, false, false
	}
	if r.unending(t, value(o)) {
		return false, false, false
	}
	if spec := r.typeSpec(obj); gotype.Invalid(t) || spec != nil && r.broken(spec) {
		r.needArg(value(o), obj)
		return false, false, false
	}
	c, m := gotype.Method(t, "GuardConn"), gotype.Method(t, "GuardMessage")
	conn, message = isGuardConn(c), isGuardMessage(m)
	switch {
	case c != nil && !conn:
		r.guardSignature(obj, o, "GuardConn", "(u *%s.Upgrade) error", c)
		return false, false, false
	case m != nil && !message:
		r.guardSignature(obj, o, "GuardMessage", "(ctx context.Context, m %s.Message) error", m)
		return false, false, false
	case !conn && !message:
		r.notAGuard(obj, o, handler)
		return false, false, false
	}
	if name := r.src.Uneven(cmp.Or(gotype.Named(t), obj), "GuardConn", "GuardMessage"); name != "" {
		r.report(diag.UnevenGuard, nameSpan(obj), fmt.Sprintf("the guard %s has %s in some builds only: what is generated asks it in all of them or in none", obj.Name(), name),
			fmt.Sprintf("declare %s in a file without build constraint, and let it call what differs", name))
		return false, false, false
	}
	return conn, message, true
}

// guardSignature reports a method that is that of a guard by its name alone.
func (r *resolver) guardSignature(obj *types.TypeName, o directive.Arg, name, form string, sig *types.Signature) {
	where, file := r.methodOf(obj, name)
	ws, imports := r.ws(file)
	if name == "GuardMessage" {
		imports = append(needsContext(file), imports...)
	}
	r.report(diag.GuardSignature, value(o), fmt.Sprintf("%s.%s is not the method of a guard: it is %s", o.Value, name, r.show(sig, obj.Pkg())),
		diag.Paste("write it as", name+fmt.Sprintf(form, ws), imports...), r.related(where, name+" is declared here"))
}

// notAGuard reports a type without a method of a guard, and shows how one looks:
// it refuses everything until it is filled in.
func (r *resolver) notAGuard(obj *types.TypeName, o directive.Arg, handler bool) {
	where := r.related(at{obj.Pos(), obj.Pos()}, obj.Name()+" is declared here")
	file := r.fileOf(obj.Pos())
	if file == nil || types.IsInterface(obj.Type()) || gotype.Named(obj.Type()) != obj {
		r.report(diag.NotAGuard, value(o), o.Value+" is no guard", "a guard of connections has a method GuardConn, one of messages GuardMessage", where)
		return
	}
	ws, imports := r.ws(file)
	signature := fmt.Sprintf("GuardConn(u *%s.Upgrade) error", ws)
	if handler {
		signature = fmt.Sprintf("GuardMessage(ctx context.Context, m %s.Message) error", ws)
		imports = append(needsContext(file), imports...)
	}
	r.report(diag.NotAGuard, value(o), o.Value+" is no guard",
		diag.Paste("declare its method", fmt.Sprintf("func (*%s) %s {\n\treturn %s.NewError(%[3]s.CodeForbidden, \"nobody may do that yet\")\n}", obj.Name(), signature, ws), imports...), where)
}

// methodOf is where a method is declared, and the file if it is one that was
// parsed.
func (r *resolver) methodOf(obj *types.TypeName, name string) (span, *ast.File) {
	fn, _, _ := types.LookupFieldOrMethod(obj.Type(), true, obj.Pkg(), name)
	if fn == nil {
		return nameSpan(obj), r.fileOf(obj.Pos())
	}
	return nameSpan(fn), r.fileOf(fn.Pos())
}

func isGuardConn(sig *types.Signature) bool {
	return sig != nil && sig.Params().Len() == 1 && gotype.IsPointer(sig.Params().At(0).Type(), model.RuntimePath, "Upgrade") && gotype.OnlyError(sig)
}

func isGuardMessage(sig *types.Signature) bool {
	return sig != nil && sig.Params().Len() == 2 && gotype.Is(sig.Params().At(0).Type(), "context", "Context") &&
		gotype.Is(sig.Params().At(1).Type(), model.RuntimePath, "Message") && gotype.OnlyError(sig)
}

// guardRef writes the use of a guard type in generated code of package from.
func (r *resolver) guardRef(obj *types.TypeName, o directive.Arg, from *types.Package) *model.GuardRef {
	decl := gotype.Named(obj.Type())
	if decl == nil {
		r.report(diag.NotAGuard, value(o), o.Value+" is not a declared type", "declare the guard as a type of its own")
		return nil
	}
	typ, err := typeRef(obj.Type(), from)
	if err != nil {
		r.cannotName(value(o), err, "export it, or declare it in package "+from.Name())
		return nil
	}
	declRef, err := typeRef(types.Unalias(obj.Type()), from)
	if err != nil { // reachable by an alias only: the declaration cannot be provided from here
		declRef = typ
	}
	ref := &model.GuardRef{
		Pos: r.position(o.Val), Name: obj.Name(),
		GoGuard: model.GoGuard{
			Type: typ, Decl: declRef, Foreign: decl.Pkg().Path() != from.Path(), Interface: types.IsInterface(obj.Type()),
		},
	}
	if ref.Foreign {
		ref.Provider = r.foreignProvider(decl)
	}
	ref.Decl.Local = !ref.Foreign
	// An instance of a generic guard has no provider that wire could take: the
	// user supplies it.
	instance := len(declRef.Args) > 0
	if home := r.byPath[decl.Pkg().Path()]; home != nil && !instance {
		home.used(decl)
	}
	r.uses = append(r.uses, ref)
	r.guardTypes[ref] = types.TypeString(types.Unalias(obj.Type()), nil)
	return ref
}

// used notes that a guard of p is used somewhere in the program.
func (p *pkg) used(obj *types.TypeName) {
	for _, g := range p.model.Guards {
		if g.Name == obj.Name() {
			return
		}
	}
	p.model.Guards = append(p.model.Guards, &model.Guard{Name: obj.Name()})
}

// ownGuards finds the providers of the guards that p declares.
func (r *resolver) ownGuards(p *pkg) {
	scope := p.src.Types.Scope()
	slices.SortFunc(p.model.Guards, func(a, b *model.Guard) int {
		return int(scope.Lookup(a.Name).Pos() - scope.Lookup(b.Name).Pos())
	})
	for _, g := range p.model.Guards {
		obj := scope.Lookup(g.Name).(*types.TypeName)
		g.Provider = r.ownProvider(obj, nameSpan(obj))
	}
}
