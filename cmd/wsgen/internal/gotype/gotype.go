// Package gotype asks go/types what wsgen wants to know of a Go type: which one
// it is, what methods it has, and who may name it.
package gotype

import (
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Key names a declared type, whatever way it was read.
func Key(obj *types.TypeName) string {
	if obj.Pkg() == nil {
		return obj.Name()
	}
	return obj.Pkg().Path() + "." + obj.Name()
}

// Named returns the declared type that t is, aliases resolved, or nil.
func Named(t types.Type) *types.TypeName {
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj()
	}
	return nil
}

// Pointee returns what t points to, or t and false.
func Pointee(t types.Type) (types.Type, bool) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem(), true
	}
	return t, false
}

// Deref returns what t points to, or t.
func Deref(t types.Type) types.Type {
	elem, _ := Pointee(t)
	return elem
}

// Is reports whether t is the declared type name of package path.
func Is(t types.Type, path, name string) bool {
	obj := Named(t)
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == path && obj.Name() == name
}

// IsPointer reports whether t is a pointer to the declared type name of path.
func IsPointer(t types.Type, path, name string) bool {
	elem, ok := Pointee(t)
	return ok && Is(elem, path, name)
}

// Runtime returns the name of the runtime's type that t is or points to.
func Runtime(t types.Type) (name string, ok bool) {
	obj := Named(Deref(t))
	if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != model.RuntimePath {
		return "", false
	}
	return obj.Name(), true
}

// IsError reports whether t is the type error.
func IsError(t types.Type) bool {
	return types.Identical(types.Unalias(t), types.Universe.Lookup("error").Type())
}

// ImplementsError reports whether t has Error() string.
func ImplementsError(t types.Type) bool {
	return types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

// OnlyError reports whether a function returns an error and nothing else.
func OnlyError(sig *types.Signature) bool {
	return !sig.Variadic() && sig.Results().Len() == 1 && IsError(sig.Results().At(0).Type())
}

// Method returns the signature of an exported method of t or *t, promoted ones
// included, or nil.
func Method(t types.Type, name string) *types.Signature {
	if _, ok := t.Underlying().(*types.Interface); !ok {
		if _, ok := Pointee(t); !ok {
			t = types.NewPointer(t)
		}
	}
	// types.NewMethodSet would collect all methods, for each question anew.
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, name)
	fn, ok := obj.(*types.Func)
	if !ok {
		return nil
	}
	return fn.Signature()
}

// Invalid reports whether Go could not tell what t is, or a part of it that a
// signature spells out.
func Invalid(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Kind() == types.Invalid
	case *types.Pointer:
		return Invalid(t.Elem())
	case *types.Slice:
		return Invalid(t.Elem())
	case *types.Array:
		return Invalid(t.Elem())
	case *types.Chan:
		return Invalid(t.Elem())
	case *types.Map:
		return Invalid(t.Key()) || Invalid(t.Elem())
	case *types.Struct: // one without a name: generated code repeats it
		for f := range t.Fields() {
			if Invalid(f.Type()) {
				return true
			}
		}
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			if Invalid(a) {
				return true
			}
		}
		b, ok := t.Underlying().(*types.Basic)
		return ok && b.Kind() == types.Invalid
	}
	return false
}

// Importable reports whether a package with path from may import pkg.
func Importable(from string, pkg *types.Package) bool {
	path := pkg.Path()
	if path == from {
		return true
	}
	if pkg.Name() == "main" {
		return false
	}
	return InternalTo(from, path)
}

// InternalTo reports whether Go's rule on internal folders lets from import path.
func InternalTo(from, path string) bool {
	elems := strings.Split(path, "/")
	for i, elem := range slices.Backward(elems) {
		if elem == "internal" {
			parent := strings.Join(elems[:i], "/")
			return parent != "" && (from == parent || strings.HasPrefix(from, parent+"/"))
		}
	}
	return true
}
