package resolve

import (
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// isState reports whether obj is marked //ws:state, in this module or another.
func (r *resolver) isState(obj *types.TypeName) bool {
	key := gotype.Key(obj)
	if is, known := r.states[key]; known || obj.Pkg() == nil || r.byPath[obj.Pkg().Path()] != nil {
		return is
	}
	r.states[key] = false
	if obj.Pkg().Path() == model.RuntimePath {
		return false
	}
	if first, _, _ := strings.Cut(obj.Pkg().Path(), "/"); !strings.Contains(first, ".") {
		return false // the standard library
	}
	for _, f := range r.src.Syntax(obj.Pkg().Path()) {
		found, _ := directive.File(f, r.src.Fset, r.table)
		for _, d := range found {
			if d.Name == "state" && d.Site.Type.Name.Name == obj.Name() {
				r.states[key] = true
			}
		}
	}
	return r.states[key]
}

// stateSent reports a connection's state that would be sent.
func (r *resolver) stateSent(t types.Type, where span) bool {
	obj := gotype.Named(gotype.Deref(t))
	if obj == nil || !r.isState(obj) {
		return false
	}
	r.report(diag.StatePayload, where, obj.Name()+" is a connection's state, which is not sent",
		"send a type of its own with what the other side may know", r.related(nameSpan(obj), obj.Name()+" is declared here"))
	return true
}

func isStructType(obj *types.TypeName) bool {
	_, ok := obj.Type().Underlying().(*types.Struct)
	return ok && obj.Pkg() != nil
}
