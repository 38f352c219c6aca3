package resolve

import (
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

func (r *resolver) need(s span) { r.needed = append(r.needed, need{s, false, r.owner}) }

func (r *resolver) unknown(s span) { r.needed = append(r.needed, need{s, true, r.owner}) }

// needArg is for a name in a directive whose declaration has an error.
func (r *resolver) needArg(arg span, obj *types.TypeName) {
	if spec := r.typeSpec(obj); spec != nil {
		r.unknown(spec)
		return
	}
	r.report(diag.TypeError, arg, "Go cannot tell what "+obj.Name()+" is", "")
}

func (r *resolver) needSignature(m *bound) { r.need(m.decl.Type) }

// needType needs the declarations of the annotated packages that t rests on.
func (r *resolver) needType(t types.Type) { r.follow(t, r.trail()) }

func (r *resolver) follow(t types.Type, w *gotype.Trail) {
	if !w.In(t) {
		return
	}
	defer w.Out(t)
	switch t := t.(type) {
	case *types.Alias:
		r.needDecl(t.Obj())
		r.follow(t.Rhs(), w)
	case *types.Named:
		if r.needDecl(t.Obj()) {
			r.follow(t.Underlying(), w)
		}
		for a := range t.TypeArgs().Types() {
			r.follow(a, w)
		}
	case *types.Pointer:
		r.follow(t.Elem(), w)
	case *types.Slice:
		r.follow(t.Elem(), w)
	case *types.Array:
		r.follow(t.Elem(), w)
	case *types.Map:
		r.follow(t.Key(), w)
		r.follow(t.Elem(), w)
	case *types.Struct:
		for f := range t.Fields() {
			r.follow(f.Type(), w)
		}
	}
}

func (r *resolver) needDecl(obj *types.TypeName) bool {
	spec := r.typeSpec(obj)
	if spec != nil {
		r.need(spec)
	}
	return spec != nil
}
