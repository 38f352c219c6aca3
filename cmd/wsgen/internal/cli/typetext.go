package cli

import (
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// typeText is a type as a reader of its package writes it: Message, []dto.Line.
func typeText(t model.TypeRef) string {
	switch t.Kind {
	case model.TypePointer:
		return "*" + typeText(*t.Elem)
	case model.TypeSlice:
		return "[]" + typeText(*t.Elem)
	case model.TypeArray:
		return fmt.Sprintf("[%d]%s", t.Len, typeText(*t.Elem))
	case model.TypeMap:
		return fmt.Sprintf("map[%s]%s", typeText(*t.Key), typeText(*t.Elem))
	case model.TypeChan:
		return map[model.ChanDir]string{model.ChanBoth: "chan ", model.ChanRecv: "<-chan ", model.ChanSend: "chan<- "}[t.Dir] + typeText(*t.Elem)
	case model.TypeStruct:
		var fields []string
		for _, f := range t.Fields {
			fields = append(fields, strings.TrimSpace(f.Name+" "+typeText(f.Type)))
		}
		return "struct{" + strings.Join(fields, "; ") + "}"
	}
	name := t.Name
	if !t.Local && t.Package.Name != "" {
		name = t.Package.Name + "." + name
	}
	if len(t.Args) == 0 {
		return name
	}
	var args []string
	for _, a := range t.Args {
		args = append(args, typeText(a))
	}
	return name + "[" + strings.Join(args, ", ") + "]"
}

func optionalType(t *model.TypeRef) string {
	if t == nil {
		return ""
	}
	return typeText(*t)
}

// streamed is the type of the values that a stream of type t yields; a type
// that only stands for a stream is shown as it is.
func streamed(t model.TypeRef) model.TypeRef {
	switch {
	case t.Kind == model.TypeChan:
		return *t.Elem
	case t.Kind == model.TypeNamed && len(t.Args) > 0:
		return t.Args[0]
	}
	return t
}
