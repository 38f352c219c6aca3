package gofile

import (
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Type is t as this file writes it.
func (f *File) Type(t model.TypeRef) *jen.Statement {
	switch t.Kind {
	case model.TypePointer:
		return jen.Op("*").Add(f.Type(*t.Elem))
	case model.TypeSlice:
		return jen.Index().Add(f.Type(*t.Elem))
	case model.TypeArray:
		return jen.Index(jen.Id(strconv.FormatInt(t.Len, 10))).Add(f.Type(*t.Elem))
	case model.TypeMap:
		return jen.Map(f.Type(*t.Key)).Add(f.Type(*t.Elem))
	case model.TypeChan:
		return f.chanType(t)
	case model.TypeStruct:
		return f.structType(t)
	}
	return f.namedType(t)
}

// Pointer is a pointer to t.
func (f *File) Pointer(t model.TypeRef) *jen.Statement { return jen.Op("*").Add(f.Type(t)) }

func (f *File) namedType(t model.TypeRef) *jen.Statement {
	name := jen.Id(t.Name)
	if !t.Local {
		name = f.Pkg(t.Package, t.Name)
	}
	if len(t.Args) == 0 {
		return name
	}
	args := make([]jen.Code, len(t.Args))
	for i, a := range t.Args {
		args[i] = f.Type(a)
	}
	return name.Types(args...)
}

func (f *File) chanType(t model.TypeRef) *jen.Statement {
	elem := f.Type(*t.Elem)
	if t.Elem.Kind == model.TypeChan {
		elem = jen.Parens(elem) // chan (<-chan T)
	}
	switch t.Dir {
	case model.ChanRecv:
		return jen.Op("<-").Chan().Add(elem)
	case model.ChanSend:
		return jen.Chan().Op("<-").Add(elem)
	}
	return jen.Chan().Add(elem)
}

func (f *File) structType(t model.TypeRef) *jen.Statement {
	fields := make([]jen.Code, len(t.Fields))
	for i, field := range t.Fields {
		s := f.Type(field.Type)
		if !field.Embedded {
			s = jen.Id(field.Name).Add(s)
		}
		switch {
		case field.Tag == "":
		case strconv.CanBackquote(field.Tag):
			s.Add(jen.Id("`" + field.Tag + "`"))
		default:
			s.Add(jen.Lit(field.Tag))
		}
		fields[i] = s
	}
	return jen.Struct(fields...)
}

// Key identifies the type t, seen from the package at path: equal keys, equal
// types, once aliases are resolved.
func Key(path string, t model.TypeRef) string {
	if t.Local {
		t.Package.Path = path
	}
	var key strings.Builder
	key.WriteString(strconv.Itoa(int(t.Kind)) + t.Package.Path + "." + t.Name)
	for _, sub := range []*model.TypeRef{t.Elem, t.Key} {
		if sub != nil {
			key.WriteString("(" + Key(path, *sub) + ")")
		}
	}
	for _, a := range t.Args {
		key.WriteString("[" + Key(path, a) + "]")
	}
	return key.String()
}
