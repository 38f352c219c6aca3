package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// opaque warns of a payload that says nothing about itself.
func (r *resolver) opaque(t types.Type, where span) {
	if u, ok := gotype.Deref(t).Underlying().(*types.Interface); ok && u.Empty() {
		r.warn(diag.AnyPayload, where, "any says nothing about the data: whatever comes is taken, and no client can know what to send or to expect",
			"name a type; json.RawMessage says that the data is opaque on purpose")
	}
}

// inheritedNames warns of members of a contract that may be absent, and have a name at which
// TypeScript then finds what every object has.
func (r *resolver) inheritedNames(shapes *wiretype.Shapes) {
	for _, m := range shapes.Inherited() {
		if r.inModule(m.Var.Pkg()) {
			r.warn(diag.InheritedName, nameSpan(m.Var), fmt.Sprintf("a client in TypeScript cannot leave out the member %s: every object has one of that name", m.Name),
				"give it another name in JSON, or have it be there always")
		}
	}
}

// validator warns of a method Validate that is not the one that wsgen calls.
func (r *resolver) validator(t types.Type, where span) {
	sig := gotype.Method(gotype.Deref(t), "Validate")
	if sig == nil || types.IsInterface(gotype.Deref(t)) || sig.Params().Len() == 0 && gotype.OnlyError(sig) {
		return
	}
	r.warn(diag.ValidateForm, where, fmt.Sprintf("Validate is not called: it is %s", types.TypeString(sig, types.RelativeTo(nil))),
		"wsgen calls Validate() error once the payload is read; give this one another name")
}

// unlocked warns of a state that calls change at once.
func (r *resolver) unlocked(m *bound) {
	for i := range m.sig.Params().Len() {
		obj := gotype.Named(gotype.Deref(m.sig.Params().At(i).Type()))
		if obj == nil || !r.isState(obj) || locks(obj) {
			continue
		}
		_, typ := m.param(i)
		r.warn(diag.ParallelState, typ, fmt.Sprintf("%s runs in parallel, and its calls share *%s without a lock", m.fn.Name(), obj.Name()),
			"give "+obj.Name()+" a sync.Mutex or atomic fields and use them, or let the handler run serially", r.related(nameSpan(obj), obj.Name()+" is declared here"))
	}
}

// locks reports whether a struct has something of package sync or sync/atomic.
func locks(obj *types.TypeName) bool {
	s, ok := obj.Type().Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if startsZero(gotype.Deref(f.Type())) {
			return true
		}
	}
	return false
}
