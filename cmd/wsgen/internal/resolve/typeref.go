package resolve

import (
	"errors"
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// typeRef writes t as a file of package from may. It fails with the reason why
// such a file cannot name it.
func typeRef(t types.Type, from *types.Package) (model.TypeRef, error) {
	switch t := t.(type) {
	case *types.Alias:
		if ref, err := nameRef(t.Obj(), t.TypeArgs(), from); err == nil {
			return ref, nil
		}
		return typeRef(t.Rhs(), from)
	case *types.Named:
		return nameRef(t.Obj(), t.TypeArgs(), from)
	case *types.Basic:
		return model.TypeRef{Kind: model.TypeNamed, Name: t.Name()}, nil
	case *types.Pointer:
		return elemRef(model.TypeRef{Kind: model.TypePointer}, t.Elem(), from)
	case *types.Slice:
		return elemRef(model.TypeRef{Kind: model.TypeSlice}, t.Elem(), from)
	case *types.Array:
		return elemRef(model.TypeRef{Kind: model.TypeArray, Len: t.Len()}, t.Elem(), from)
	case *types.Chan:
		dirs := map[types.ChanDir]model.ChanDir{types.SendRecv: model.ChanBoth, types.SendOnly: model.ChanSend, types.RecvOnly: model.ChanRecv}
		return elemRef(model.TypeRef{Kind: model.TypeChan, Dir: dirs[t.Dir()]}, t.Elem(), from)
	case *types.Map:
		key, err := typeRef(t.Key(), from)
		if err != nil {
			return model.TypeRef{}, err
		}
		return elemRef(model.TypeRef{Kind: model.TypeMap, Key: &key}, t.Elem(), from)
	case *types.Struct:
		return structRef(t, from)
	case *types.Interface:
		if t.Empty() {
			return model.TypeRef{Kind: model.TypeNamed, Name: "any"}, nil
		}
		return model.TypeRef{}, errors.New("this interface has no name: declare it as a type")
	case *types.TypeParam:
		return model.TypeRef{}, fmt.Errorf("%s is a type parameter", t.Obj().Name())
	}
	return model.TypeRef{}, fmt.Errorf("%s cannot stand in generated code", t)
}

// importError says that a package may not import another.
type importError struct{ text string }

func (e importError) Error() string { return e.text }

// unreachable is the code for an error of typeRef, and what to do about it.
func unreachable(err error, help string) (diag.Code, string) {
	if errors.As(err, &importError{}) {
		return diag.InternalType, "move the type to a package that both may import, or use one of your own here"
	}
	return diag.Unreachable, help
}

// cannotName reports that generated code cannot name a type.
func (r *resolver) cannotName(where span, err error, help string) {
	code, help := unreachable(err, help)
	r.report(code, where, err.Error(), help)
}

func elemRef(ref model.TypeRef, elem types.Type, from *types.Package) (model.TypeRef, error) {
	e, err := typeRef(elem, from)
	ref.Elem = &e
	return ref, err
}

func nameRef(obj *types.TypeName, args *types.TypeList, from *types.Package) (model.TypeRef, error) {
	ref := model.TypeRef{Kind: model.TypeNamed, Name: obj.Name()}
	switch pkg := obj.Pkg(); {
	case pkg == nil: // predeclared
	case pkg.Path() == from.Path():
		ref.Local = true
	case !obj.Exported():
		return ref, fmt.Errorf("%s.%s is unexported, so package %s cannot name it", pkg.Name(), obj.Name(), from.Name())
	case !gotype.Importable(from.Path(), pkg):
		return ref, importError{fmt.Sprintf("package %s cannot import %s, which declares %s", from.Name(), pkg.Path(), obj.Name())}
	default:
		ref.Package = model.PackageRef{Path: pkg.Path(), Name: pkg.Name()}
	}
	for a := range args.Types() {
		arg, err := typeRef(a, from)
		if err != nil {
			return ref, err
		}
		ref.Args = append(ref.Args, arg)
	}
	return ref, nil
}

func structRef(t *types.Struct, from *types.Package) (model.TypeRef, error) {
	ref := model.TypeRef{Kind: model.TypeStruct}
	for i := range t.NumFields() {
		f := t.Field(i)
		if !f.Exported() && f.Pkg() != nil && f.Pkg().Path() != from.Path() {
			return ref, fmt.Errorf("its field %s is unexported, so package %s cannot write the type", f.Name(), from.Name())
		}
		ft, err := typeRef(f.Type(), from)
		if err != nil {
			return ref, err
		}
		field := model.Field{Name: f.Name(), Type: ft, Tag: t.Tag(i), Embedded: f.Embedded()}
		if f.Embedded() {
			field.Name = ""
		}
		ref.Fields = append(ref.Fields, field)
	}
	return ref, nil
}
