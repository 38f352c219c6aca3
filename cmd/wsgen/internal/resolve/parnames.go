package resolve

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// withNames writes the parameters of m, which have no names, with names.
func (m *bound) withNames() string {
	var parts []string
	taken := map[string]bool{}
	for i := range m.sig.Params().Len() {
		_, typ := m.param(i)
		name := free(nameFor(m.sig.Params().At(i).Type()), taken)
		parts = append(parts, name+" "+types.ExprString(typ.(ast.Expr)))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// freeName is a name for another parameter of m.
func (m *bound) freeName(t types.Type) string {
	taken := map[string]bool{m.sig.Recv().Name(): true}
	for v := range m.sig.Params().Variables() {
		taken[v.Name()] = true
	}
	return free(nameFor(t), taken)
}

// nameFor is a name that tells of a type: message for a Message.
func nameFor(t types.Type) string {
	obj := gotype.Named(gotype.Deref(t))
	if obj == nil || obj.Pkg() == nil {
		return "value"
	}
	if obj.Name() == "Context" {
		return "ctx"
	}
	name := camel.Lower(obj.Name())
	if token.IsKeyword(name) || types.Universe.Lookup(name) != nil || name == obj.Name() || name == obj.Pkg().Name() {
		return "value"
	}
	return name
}
