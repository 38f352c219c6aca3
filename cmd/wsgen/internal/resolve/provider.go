package resolve

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// ownProvider is the rule for a type that an annotated package declares: a
// constructor, or exported fields only, or else a diagnostic with a constructor to
// paste. If no provider sets are written, the user makes the values, and nothing
// is a mistake.
func (r *resolver) ownProvider(obj *types.TypeName, where span) model.Provider {
	p := r.findProvider(obj, where)
	r.wireable(obj, p, true)
	return p
}

func (r *resolver) findProvider(obj *types.TypeName, where span) model.Provider {
	if name, found := r.constructor(obj, r.wire); found {
		return made(name)
	}
	if types.IsInterface(obj.Type()) {
		return model.Provider{}
	}
	if fillable(obj) {
		return model.Provider{Kind: model.ProviderStruct}
	}
	r.noProvider(obj, where, false)
	return model.Provider{}
}

// foreignProvider is the rule for a type of another package. If it finds no
// provider, the application supplies the value.
func (r *resolver) foreignProvider(obj *types.TypeName) model.Provider {
	var p model.Provider
	if !obj.Exported() {
		return p
	}
	if name, _ := r.constructor(obj, false); name != "" {
		p = made(name)
	} else if fillable(obj) {
		p.Kind = model.ProviderStruct
	}
	if !r.wireable(obj, p, false) {
		return model.Provider{}
	}
	return p
}

// made is the provider that a function is; none without a name.
func made(by string) model.Provider {
	if by == "" {
		return model.Provider{}
	}
	return model.Provider{Kind: model.ProviderFunc, Func: by}
}

// constructor is the function of obj's package that makes one: NewX, or New if
// that does. It fits if it is func(...) (*X[, func()][, error]), or X for an
// interface. Without a name but found there is a NewX that does not fit.
func (r *resolver) constructor(obj *types.TypeName, complain bool) (name string, found bool) {
	home := obj.Pkg()
	if full, err := r.src.Import(home.Path()); err == nil && full != nil {
		home = full
	}
	want := types.Type(types.NewPointer(obj.Type()))
	if types.IsInterface(obj.Type()) {
		want = obj.Type()
	}
	fn := home.Scope().Lookup("New" + obj.Name())
	if fn != nil && provides(fn, want) {
		return fn.Name(), true
	}
	if short := home.Scope().Lookup("New"); short != nil && provides(short, want) {
		return short.Name(), true
	}
	if fn == nil {
		return "", false
	}
	if f, ok := fn.(*types.Func); ok && complain && f.Signature().TypeParams().Len() > 0 {
		r.report(diag.GenericProvider, nameSpan(fn), fn.Name()+" has type parameters, and neither wire nor a reader knows what to put there",
			fmt.Sprintf("wsgen takes it for the constructor of %s: write it without type parameters, or rename it", obj.Name()))
		return "", true
	}
	if complain {
		r.report(diag.BadProvider, at{fn.Pos(), fn.Pos() + token.Pos(len(fn.Name()))},
			fmt.Sprintf("%s does not make a %s", fn.Name(), r.show(want, obj.Pkg())),
			fmt.Sprintf("wsgen takes it for the constructor of %s: let it return %s, then func() if there is something to clean up, then error if it can fail; or rename it",
				obj.Name(), r.show(want, obj.Pkg())))
	}
	return "", true
}

// provides reports whether fn is what wire takes as provider of want.
func provides(fn types.Object, want types.Type) bool {
	f, ok := fn.(*types.Func)
	if !ok {
		return false
	}
	sig := f.Signature()
	res := sig.Results()
	if sig.TypeParams().Len() > 0 || res.Len() == 0 || res.Len() > 3 || !types.Identical(res.At(0).Type(), want) {
		return false
	}
	cleanup := types.NewSignatureType(nil, nil, nil, nil, nil, false)
	switch res.Len() {
	case 2:
		return gotype.IsError(res.At(1).Type()) || types.Identical(res.At(1).Type(), cleanup)
	case 3:
		return types.Identical(res.At(1).Type(), cleanup) && gotype.IsError(res.At(2).Type())
	}
	return true
}

// fillable reports whether wire.Struct(new(X), "*") can make a value: a struct
// whose fields are exported, or kept from wire by the tag wire:"-".
func fillable(obj *types.TypeName) bool {
	s, ok := obj.Type().Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for i := range s.NumFields() {
		if !s.Field(i).Exported() && reflect.StructTag(s.Tag(i)).Get("wire") != "-" {
			return false
		}
	}
	return true
}

func (r *resolver) noProvider(obj *types.TypeName, where span, registry bool) {
	if !r.wire {
		return
	}
	if spec := r.typeSpec(obj); spec != nil && r.broken(spec) {
		return
	}
	message := obj.Name() + " has unexported fields and no constructor"
	if _, ok := obj.Type().Underlying().(*types.Struct); !ok {
		message = obj.Name() + " has no constructor"
	} else if fillable(obj) {
		message = obj.Name() + " has more than *ws.Server and no constructor"
	}
	r.report(diag.NoProvider, where, message, diag.Paste("declare one", r.sketch(obj, registry)))
}

// sketch writes a constructor of obj to paste. It leaves out fields whose zero
// value is right, such as a mutex. If obj is a registry, the constructor makes its
// Server: an injected one would be that of the other gateways.
func (r *resolver) sketch(obj *types.TypeName, registry bool) string {
	name := obj.Name()
	s, ok := obj.Type().Underlying().(*types.Struct)
	if !ok {
		return fmt.Sprintf("func New%s() *%s {\n\treturn new(%s)\n}", name, name, name)
	}
	var params, sets []string
	taken := map[string]bool{}
	for i := range s.NumFields() {
		f := s.Field(i)
		typ := r.show(f.Type(), obj.Pkg())
		_, isMap := f.Type().Underlying().(*types.Map)
		switch {
		case registry && f.Embedded() && gotype.IsPointer(f.Type(), model.RuntimePath, "Server"):
			p := free("options", taken)
			params = append(params, p+" ws.Options")
			sets = append(sets, f.Name()+": ws.NewServer("+p+")")
		case reflect.StructTag(s.Tag(i)).Get("wire") == "-", startsZero(f.Type()), f.Name() == "_":
		case isMap && !f.Exported():
			sets = append(sets, fmt.Sprintf("%s: make(%s)", f.Name(), typ))
		default:
			p := free(paramName(f.Name()), taken) // A and a are two fields
			params = append(params, p+" "+typ)
			sets = append(sets, f.Name()+": "+p)
		}
	}
	return fmt.Sprintf("func New%s(%s) *%s {\n\treturn &%s{%s}\n}", name, strings.Join(params, ", "), name, name, strings.Join(sets, ", "))
}

func startsZero(t types.Type) bool {
	obj := gotype.Named(t)
	return obj != nil && obj.Pkg() != nil && (obj.Pkg().Path() == "sync" || obj.Pkg().Path() == "sync/atomic")
}

func paramName(field string) string {
	name := camel.Lower(field)
	if token.IsKeyword(name) {
		name += "_"
	}
	return name
}
