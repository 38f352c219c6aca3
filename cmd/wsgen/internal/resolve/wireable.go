package resolve

import (
	"fmt"
	"go/types"
	"reflect"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// wireable tells whether wire takes p as the provider of obj. Wire knows inputs by
// their types alone, so no two can be of one type. If complain is set, it reports
// two that are: then the user can change the declaration of obj.
func (r *resolver) wireable(obj *types.TypeName, p model.Provider, complain bool) bool {
	if !r.wire {
		return true
	}
	inputs := r.inputs(obj, p)
	for i, v := range inputs {
		for _, earlier := range inputs[:i] {
			if !types.Identical(v.Type(), earlier.Type()) {
				continue
			}
			if complain {
				r.sameType(obj, p, v, earlier)
			}
			return false
		}
	}
	return true
}

// inputs are what wire has to find for a provider.
func (r *resolver) inputs(obj *types.TypeName, p model.Provider) []*types.Var {
	var all []*types.Var
	switch p.Kind {
	case model.ProviderFunc:
		fn, _ := r.whole(obj.Pkg()).Scope().Lookup(p.Func).(*types.Func)
		for v := range fn.Signature().Params().Variables() {
			all = append(all, v)
		}
	case model.ProviderStruct:
		s := obj.Type().Underlying().(*types.Struct)
		for i := range s.NumFields() {
			if reflect.StructTag(s.Tag(i)).Get("wire") != "-" {
				all = append(all, s.Field(i))
			}
		}
	}
	return all
}

func (r *resolver) sameType(obj *types.TypeName, p model.Provider, v, earlier *types.Var) {
	shown := r.show(types.Unalias(v.Type()), obj.Pkg())
	message := fmt.Sprintf("wire cannot fill %s: it knows values by their types, and %s and %s are both of type %s", obj.Name(), earlier.Name(), v.Name(), shown)
	help := diag.Paste(fmt.Sprintf("give one of them a type of its own, or declare New%s, or use the tag", obj.Name()), withKey(tagOf(obj, v), "wire", "-"))
	if p.Kind == model.ProviderFunc {
		message = fmt.Sprintf("wire cannot call %s: it knows values by their types, and two parameters are of type %s", p.Func, shown)
		help = "give one of them a type of its own, or take a struct of both"
	}
	r.report(diag.SameType, varSpan(v), message, help, r.related(varSpan(earlier), "the other"))
}

// tagOf is the tag of a field of obj.
func tagOf(obj *types.TypeName, v *types.Var) string {
	s, ok := obj.Type().Underlying().(*types.Struct)
	if !ok {
		return ""
	}
	for i := range s.NumFields() {
		if s.Field(i) == v {
			return s.Tag(i)
		}
	}
	return ""
}
