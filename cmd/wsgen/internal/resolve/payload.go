package resolve

import (
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// dataForm decides how a frame's data becomes the data parameters of a handler,
// and reports those that it cannot become.
func (r *resolver) dataForm(m *bound) model.DataForm {
	var data []int
	for i := range m.sig.Params().Len() {
		if role, ok := r.dataAt(m, i); ok && role == model.RoleData {
			data = append(data, i)
		}
	}
	for _, i := range data {
		_, typ := m.param(i)
		t := m.sig.Params().At(i).Type()
		r.needType(t)
		if r.formless(t, wiretype.In, typ, r.show(t, m.fn.Pkg())+" cannot be read from JSON") {
			continue
		}
		r.onWire(t, typ, wiretype.In)
		r.opaque(t, typ)
		r.validator(t, typ)
	}
	if len(data) == 0 {
		return model.DataNone
	}
	form := model.DataObject
	if len(data) == 1 {
		form = r.single(m.sig.Params().At(data[0]).Type())
	}
	if form == model.DataObject || form == model.DataScalar {
		r.wireNames(m, data)
	}
	return form
}

// dataAt is the role of a parameter that params has already judged, without
// reporting anything again.
func (r *resolver) dataAt(m *bound, i int) (model.Role, bool) {
	t := m.sig.Params().At(i).Type()
	if gotype.Invalid(t) || m.sig.Variadic() && i == m.sig.Params().Len()-1 {
		return 0, false
	}
	role, _, ok := r.quiet().role(t, at{}, m)
	return role, ok
}

// single is the form of a lone data parameter.
func (r *resolver) single(t types.Type) model.DataForm {
	elem, pointer := gotype.Pointee(t)
	for {
		next, ok := gotype.Pointee(elem)
		if !ok {
			break
		}
		elem = next
	}
	_, scalar := elem.Underlying().(*types.Basic)
	switch {
	case gotype.Is(elem, "encoding/json", "RawMessage") || types.IsInterface(elem):
		return model.DataNullable
	case scalar && r.json.Of(elem).Coder(wiretype.In) == "":
		return model.DataScalar
	case pointer:
		return model.DataNullable
	}
	return model.DataWhole
}

// wireNames checks that parameters which are read by name have one.
func (r *resolver) wireNames(m *bound, data []int) {
	for _, i := range data {
		if n := m.sig.Params().At(i).Name(); n != "" && n != "_" {
			continue
		}
		if len(m.decl.Type.Params.List[0].Names) == 0 { // all of them have names, or none
			r.report(diag.UnnamedParameter, m.decl.Type.Params, "these parameters need names: those of data are the names of its members",
				diag.Paste("name them all", m.withNames()))
			return
		}
		name, _ := m.param(i)
		r.report(diag.UnnamedParameter, name, "this parameter needs a name: it is the name of a member of data",
			diag.Paste("name it", m.freeName(m.sig.Params().At(i).Type())))
	}
}

// formless reports the parts of t that have no form in JSON: each at its field if
// the user can change that, else where t is used. It reports a field once, whatever
// the field is a part of.
func (r *resolver) formless(t types.Type, way wiretype.Way, where span, message string) bool {
	flaws := r.json.Flaws(t, way)
	for _, f := range flaws {
		code, why := reason(f.Why)
		if len(f.Path) > 0 {
			why = "field " + f.Path[len(f.Path)-1].Var.Name() + ": " + why
		}
		to := r.blamed(f, way)
		if to == nil {
			r.report(code, where, message+": "+why, "use a type that JSON has a form for")
			continue
		}
		name := r.fieldSpan(to.Var)
		if place := r.position(name.Pos()); !r.formlessAt[place] {
			r.formlessAt[place] = true
			r.report(diag.FieldWithoutForm, name, message+": "+why, diag.Paste("leave the field out with the tag", withJSON(to.Tag, "-")), r.related(where, "it is used here"))
		}
	}
	return len(flaws) > 0
}

// blamed is the innermost field of this module that a flaw lies in, or nil. A
// field of a generic type is to blame for what it is in every instance.
func (r *resolver) blamed(f wiretype.Flaw, way wiretype.Way) *wiretype.Field {
	for _, to := range slices.Backward(f.Path) {
		if !r.inModule(to.Var.Pkg()) {
			continue
		}
		generic := to.Var.Origin()
		if generic == to.Var || r.json.Lacks(generic.Type(), way) {
			return to
		}
	}
	return nil
}

// reason is the code for a reason that JSON has no form for a type, and the text
// that a message ends with.
func reason(r wiretype.Reason) (diag.Code, string) {
	switch r {
	case wiretype.Channel:
		return diag.BadPayload, "it is a channel"
	case wiretype.Function:
		return diag.BadPayload, "it is a function"
	case wiretype.Complex:
		return diag.BadPayload, "it is a complex number"
	case wiretype.UnsafePointer:
		return diag.BadPayload, "it is an unsafe pointer"
	case wiretype.Methods:
		return diag.InterfacePayload, "an interface with methods does not say what to make of it"
	case wiretype.MapKey:
		return diag.MapKey, "the keys of a JSON object are strings or integers"
	}
	panic("a type without a form, and no reason")
}
