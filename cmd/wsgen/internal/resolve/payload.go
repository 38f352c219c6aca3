package resolve

import (
	"go/types"
	"reflect"
	"slices"

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
	role, _, ok := r.quiet().role(t, at{}, m)
	return role, ok
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

// reason is why JSON has no form for a type. The zero value is none.
type reason struct {
	code diag.Code
	text string // as a message ends
}

// formless reports the parts of t that have no form in JSON: each at the field
// that it is, if that is the user's, else where t is used. A field is told
// once, whatever it is a part of.
func (r *resolver) formless(s *shape, t types.Type, where span, message string) bool {
	s.walk(t, nil)
	for _, f := range s.found {
		why := f.why.text
		if len(f.path) > 0 {
			why = "field " + f.path[len(f.path)-1].v.Name() + ": " + why
		}
		to, ok := r.blamed(s, f)
		if !ok {
			r.report(f.why.code, where, message+": "+why, "use a type that JSON has a form for")
			continue
		}
		name, _ := r.field(to.v)
		if place := r.position(name.Pos()); !r.formlessAt[place] {
			r.formlessAt[place] = true
			r.report(diag.FieldWithoutForm, name, message+": "+why, diag.Paste("leave the field out with the tag", withJSON(to.tag, "-")), r.related(where, "it is used here"))
		}
	}
	return len(s.found) > 0
}

// blamed is the innermost field of this module that a flaw lies in. A field of
// a generic type is to blame for what it is in every instance.
func (r *resolver) blamed(s *shape, f flaw) (step, bool) {
	for _, to := range slices.Backward(f.path) {
		if !r.inModule(to.v.Pkg()) {
			continue
		}
		generic := to.v.Origin()
		if generic == to.v || (&shape{trail: r.trail(), own: s.own}).flawed(generic.Type()) {
			return to, true
		}
	}
	return step{}, false
}

// decodable is the shape of what JSON can be decoded into.
func (r *resolver) decodable() *shape {
	return &shape{trail: r.trail(), own: func(t types.Type) bool { return decodesJSON(t) || decodesText(t) }, iface: true}
}

// encodable is the shape of what can be encoded as JSON, whatever its value.
func (r *resolver) encodable() *shape { return &shape{trail: r.trail(), own: encodes} }

// shape looks for the parts of a type that have no form in JSON.
type shape struct {
	*trail
	own   func(types.Type) bool // the type writes or reads itself
	iface bool                  // interfaces with methods have none, outside of structs
	found []flaw
}

// flaw is a part of a type that has no form in JSON.
type flaw struct {
	why  reason
	path []step // the fields that lead to it
}

// step is a field on the way to a part of a type.
type step struct {
	v   *types.Var
	tag string
}

// flaw notes one, if there is a reason.
func (s *shape) flaw(why reason, path []step) {
	if why != (reason{}) {
		s.found = append(s.found, flaw{why, path})
	}
}

// flawed reports whether a part of t has no form in JSON.
func (s *shape) flawed(t types.Type) bool {
	s.walk(t, nil)
	return len(s.found) > 0
}

// walk notes the flaws of t, which path leads to.
func (s *shape) walk(t types.Type, path []step) {
	if !s.in(t) {
		return
	}
	defer s.out(t)
	if s.own(t) {
		return
	}
	if _, ok := t.Underlying().(*types.Struct); !ok { // each field of it is a mistake of its own
		defer s.forget(t)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		s.walk(u.Elem(), path)
	case *types.Slice:
		s.walk(u.Elem(), path)
	case *types.Array:
		s.walk(u.Elem(), path)
	case *types.Map:
		s.flaw(badKey(u.Key()), path)
		s.walk(u.Elem(), path)
	case *types.Interface:
		if s.iface && len(path) == 0 && !u.Empty() {
			s.flaw(reason{diag.InterfacePayload, "an interface with methods does not say what to make of it"}, path)
		}
	case *types.Struct:
		for i := range u.NumFields() {
			f := u.Field(i)
			if f.Exported() && reflect.StructTag(u.Tag(i)).Get("json") != "-" {
				s.walk(f.Type(), append(slices.Clip(path), step{f, u.Tag(i)}))
			}
		}
	default:
		s.flaw(noForm(u), path)
	}
}

// noForm says why JSON has no form for a type, looking at the type alone.
func noForm(u types.Type) reason {
	switch u := u.(type) {
	case *types.Chan:
		return reason{diag.BadPayload, "it is a channel"}
	case *types.Signature:
		return reason{diag.BadPayload, "it is a function"}
	case *types.Basic:
		switch {
		case u.Info()&types.IsComplex != 0:
			return reason{diag.BadPayload, "it is a complex number"}
		case u.Kind() == types.UnsafePointer:
			return reason{diag.BadPayload, "it is an unsafe pointer"}
		}
	}
	return reason{}
}

func badKey(key types.Type) reason {
	if decodesText(key) || encodes(key) {
		return reason{}
	}
	if b, ok := key.Underlying().(*types.Basic); ok && b.Info()&(types.IsString|types.IsInteger) != 0 {
		return reason{}
	}
	return reason{diag.MapKey, "the keys of a JSON object are strings or integers"}
}
