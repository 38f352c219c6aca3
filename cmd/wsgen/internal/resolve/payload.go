package resolve

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
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
		if r.formless(r.decodable(), t, typ, r.show(t, m.fn.Pkg())+" cannot be read from JSON") {
			continue
		}
		r.onWire(t, typ, true)
		r.opaque(t, typ)
		r.validator(t, typ)
	}
	if len(data) == 0 {
		return model.DataNone
	}
	form := model.DataObject
	if len(data) == 1 {
		form = single(m.sig.Params().At(data[0]).Type())
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
	if invalid(t) || m.sig.Variadic() && i == m.sig.Params().Len()-1 {
		return 0, false
	}
	silent := &resolver{src: r.src, states: r.states, byPath: r.byPath}
	return silent.role(t, at{}, m)
}

// single is the form of a lone data parameter.
func single(t types.Type) model.DataForm {
	elem, pointer := pointee(t)
	for {
		next, ok := pointee(elem)
		if !ok {
			break
		}
		elem = next
	}
	_, scalar := elem.Underlying().(*types.Basic)
	switch {
	case is(elem, "encoding/json", "RawMessage") || types.IsInterface(elem):
		return model.DataNullable
	case scalar && !decodesJSON(elem) && !decodesText(elem):
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
		name, _ := m.param(i)
		t := r.show(m.sig.Params().At(i).Type(), m.fn.Pkg())
		r.report(diag.UnnamedParameter, name, "this parameter needs a name: it is the name of a member of data",
			fmt.Sprintf(`room %s reads {"room": …}`, t))
	}
}

// Why JSON has no form for a type, as a message ends.
const (
	whyInterface = "an interface with methods does not say what to make of it"
	whyKey       = "the keys of a JSON object are strings or integers"
	whyField     = "field "
)

// formless reports that a part of t has no form in JSON: at the field that it
// is, if that is the user's, else where t is used.
func (r *resolver) formless(s *shape, t types.Type, where span, message string) bool {
	why := s.why(t, "")
	if why == "" {
		return false
	}
	var related []diag.Related
	if s.field != nil && r.inModule(s.field.Pkg()) {
		related = append(related, r.related(where, "it is used here"))
		where, _ = r.field(s.field)
	}
	r.report(codeOf(why), where, message+": "+why, leaveOut(why), related...)
	return true
}

// codeOf is the code for a reason that a shape gave.
func codeOf(why string) diag.Code {
	switch {
	case strings.HasPrefix(why, whyField):
		return diag.FieldWithoutForm
	case why == whyInterface:
		return diag.InterfacePayload
	case why == whyKey:
		return diag.MapKey
	}
	return diag.BadPayload
}

// decodable is the shape of what JSON can be decoded into.
func (r *resolver) decodable() *shape {
	return &shape{trail: r.trail(), own: func(t types.Type) bool { return decodesJSON(t) || decodesText(t) }, iface: true}
}

// encodable is the shape of what can be encoded as JSON, whatever its value.
func (r *resolver) encodable() *shape { return &shape{trail: r.trail(), own: encodes} }

// shape looks for a part of a type that has no form in JSON.
type shape struct {
	*trail
	own   func(types.Type) bool // the type writes or reads itself
	iface bool                  // interfaces with methods have none, outside of structs
	field *types.Var            // the one that has no form, if it is a field
}

// why says why JSON has no form for t, or "". path leads to t.
func (s *shape) why(t types.Type, path string) string {
	if !s.in(t) {
		return ""
	}
	defer s.out(t)
	if s.own(t) {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return s.why(u.Elem(), path)
	case *types.Slice:
		return s.why(u.Elem(), path)
	case *types.Array:
		return s.why(u.Elem(), path)
	case *types.Map:
		if why := badKey(u.Key()); why != "" {
			return path + why
		}
		return s.why(u.Elem(), path)
	case *types.Interface:
		if s.iface && path == "" && !u.Empty() {
			return whyInterface
		}
	case *types.Struct:
		return s.fields(u)
	default:
		if why := noForm(u); why != "" {
			return path + why
		}
	}
	return ""
}

func (s *shape) fields(t *types.Struct) string {
	for i := range t.NumFields() {
		f := t.Field(i)
		if !f.Exported() || reflect.StructTag(t.Tag(i)).Get("json") == "-" {
			continue
		}
		if why := s.why(f.Type(), whyField+f.Name()+": "); why != "" {
			if s.field == nil { // else deeper
				s.field = f
			}
			return why
		}
	}
	return ""
}

// noForm says why JSON has no form for a type, looking at the type alone.
func noForm(u types.Type) string {
	switch u := u.(type) {
	case *types.Chan:
		return "it is a channel"
	case *types.Signature:
		return "it is a function"
	case *types.Basic:
		switch {
		case u.Info()&types.IsComplex != 0:
			return "it is a complex number"
		case u.Kind() == types.UnsafePointer:
			return "it is an unsafe pointer"
		}
	}
	return ""
}

func badKey(key types.Type) string {
	if decodesText(key) || encodes(key) {
		return ""
	}
	if b, ok := key.Underlying().(*types.Basic); ok && b.Info()&(types.IsString|types.IsInteger) != 0 {
		return ""
	}
	return whyKey
}
