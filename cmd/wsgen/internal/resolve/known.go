package resolve

import (
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// isTest reports whether a file is a test.
func isTest(path string) bool { return strings.HasSuffix(path, "_test.go") }

// typeKey names a declared type, whatever way it was read.
func typeKey(obj *types.TypeName) string {
	if obj.Pkg() == nil {
		return obj.Name()
	}
	return obj.Pkg().Path() + "." + obj.Name()
}

// named returns the declared type that t is, aliases resolved, or nil.
func named(t types.Type) *types.TypeName {
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj()
	}
	return nil
}

// pointee returns what t points to.
func pointee(t types.Type) (types.Type, bool) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem(), true
	}
	return t, false
}

// is reports whether t is the declared type name of package path.
func is(t types.Type, path, name string) bool {
	obj := named(t)
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == path && obj.Name() == name
}

// isPointer reports whether t is a pointer to the declared type name of path.
func isPointer(t types.Type, path, name string) bool {
	elem, ok := pointee(t)
	return ok && is(elem, path, name)
}

// runtimeType returns the name of the runtime's type that t is or points to.
func runtimeType(t types.Type) (name string, ok bool) {
	elem, _ := pointee(t)
	obj := named(elem)
	if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != model.RuntimePath {
		return "", false
	}
	return obj.Name(), true
}

func isError(t types.Type) bool {
	return types.Identical(types.Unalias(t), types.Universe.Lookup("error").Type())
}

// implementsError reports whether t has Error() string.
func implementsError(t types.Type) bool {
	return types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

func isBytes(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}

// method returns the signature of an exported method of t or *t, promoted ones
// included, or nil.
func method(t types.Type, name string) *types.Signature {
	if _, ok := t.Underlying().(*types.Interface); !ok {
		if _, ok := pointee(t); !ok {
			t = types.NewPointer(t)
		}
	}
	// A method set would be made of all methods, for each question anew.
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, name)
	fn, ok := obj.(*types.Func)
	if !ok {
		return nil
	}
	return fn.Signature()
}

// decodesJSON reports whether t has UnmarshalJSON.
func decodesJSON(t types.Type) bool { return takesBytes(method(t, "UnmarshalJSON")) }

// decodesText reports whether t has UnmarshalText.
func decodesText(t types.Type) bool { return takesBytes(method(t, "UnmarshalText")) }

func takesBytes(sig *types.Signature) bool {
	return sig != nil && sig.Params().Len() == 1 && isBytes(sig.Params().At(0).Type()) &&
		sig.Results().Len() == 1 && isError(sig.Results().At(0).Type())
}

// encodes reports whether t has MarshalJSON or MarshalText.
func encodes(t types.Type) bool { return marshals(t, "MarshalJSON") || marshals(t, "MarshalText") }

// marshals reports whether t has a method of that name that returns bytes.
func marshals(t types.Type, name string) bool {
	sig := method(t, name)
	return sig != nil && sig.Params().Len() == 0 && sig.Results().Len() == 2 && isBytes(sig.Results().At(0).Type())
}

// invalid reports whether Go could not tell what t is, or a part of it that a
// signature spells out.
func invalid(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Kind() == types.Invalid
	case *types.Pointer:
		return invalid(t.Elem())
	case *types.Slice:
		return invalid(t.Elem())
	case *types.Array:
		return invalid(t.Elem())
	case *types.Chan:
		return invalid(t.Elem())
	case *types.Map:
		return invalid(t.Key()) || invalid(t.Elem())
	case *types.Struct: // one without a name: generated code repeats it
		for f := range t.Fields() {
			if invalid(f.Type()) {
				return true
			}
		}
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			if invalid(a) {
				return true
			}
		}
		b, ok := t.Underlying().(*types.Basic)
		return ok && b.Kind() == types.Invalid
	}
	return false
}

// importable reports whether a package with path from may import pkg.
func importable(from string, pkg *types.Package) bool {
	path := pkg.Path()
	if path == from {
		return true
	}
	if pkg.Name() == "main" {
		return false
	}
	return internalTo(from, path)
}

// internalTo reports whether Go's rule on internal folders lets from import path.
func internalTo(from, path string) bool {
	elems := strings.Split(path, "/")
	for i, elem := range slices.Backward(elems) {
		if elem == "internal" {
			parent := strings.Join(elems[:i], "/")
			return parent != "" && (from == parent || strings.HasPrefix(from, parent+"/"))
		}
	}
	return true
}
