package resolve

import (
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// checks finds which check a handler's data gets once it is decoded. A value whose
// type has Validate() error gets that. A whole struct without it gets the
// validator of the server's options. If another build may declare a type
// otherwise, the build that runs decides.
func (r *resolver) checks(m *bound, h *model.Handler) {
	if len(h.Params) != m.sig.Params().Len() {
		return // one of them is a mistake
	}
	for i := range h.Params {
		p := &h.Params[i]
		if p.Role != model.RoleData {
			continue
		}
		t := m.sig.Params().At(i).Type()
		whole := h.Data == model.DataWhole || h.Data == model.DataNullable
		through, ok := validates(t)
		maybe, varies := r.mayValidate(t)
		switch {
		case varies:
			p.Check, p.Through = model.CheckFoundValidate, maybe
			if _, ok := gotype.Deref(t).Underlying().(*types.Struct); ok && whole {
				p.Check = model.CheckFound
			}
		case ok:
			p.Check, p.Through = model.CheckValidate, through
		case whole && hasFields(t):
			p.Check = model.CheckOptions
		}
	}
}

// mayValidate reports whether t, or what it points to, has Validate in one build
// and not in another. The method may be its own or that of an embedded type. Then
// through are the selectors of the embedded pointers that it would be promoted
// through.
func (r *resolver) mayValidate(t types.Type) (through []string, varies bool) {
	elem := gotype.Deref(t)
	if r.src.Varies(elem, "Validate") == source.ByBuild {
		return nil, true
	}
	if _, index, _ := types.LookupFieldOrMethod(types.NewPointer(elem), false, nil, "Validate"); len(index) == 1 {
		return nil, false // it hides what it embeds
	}
	w := r.trail()
	var look func(t types.Type, path string, pointers []string)
	look = func(t types.Type, path string, pointers []string) {
		s, ok := t.Underlying().(*types.Struct)
		if !ok || !w.In(t) {
			return
		}
		defer w.Out(t)
		for f := range s.Fields() {
			if !f.Embedded() {
				continue
			}
			elem, pointer := gotype.Pointee(f.Type())
			to, on := path+"."+f.Name(), slices.Clip(pointers)
			if pointer {
				on = append(on, to)
			}
			switch {
			case pointer && !f.Exported(): // encoding/json cannot set it: it is always nil
			case r.src.Varies(elem, "Validate") == source.ByBuild:
				through, varies = append(through, on...), true
			default:
				look(elem, to, on)
			}
		}
	}
	look(elem, "", nil)
	return through, varies
}

// validates reports whether t, or what it points to, has Validate() error, and
// returns the selectors of the embedded pointers that it is promoted through.
func validates(t types.Type) (through []string, ok bool) {
	elem := gotype.Deref(t)
	if types.IsInterface(elem) {
		return nil, false
	}
	sel := types.NewMethodSet(types.NewPointer(elem)).Lookup(nil, "Validate")
	if sel == nil {
		return nil, false
	}
	sig := sel.Type().(*types.Signature)
	if sig.Params().Len() != 0 || !gotype.OnlyError(sig) {
		return nil, false
	}
	for _, f := range promotedThrough(elem, sel) {
		if !f.field.Exported() {
			return nil, false // encoding/json cannot set it: it is always nil
		}
		through = append(through, f.selector)
	}
	return through, true
}

// embedded is a field that may be nil, of those that a method is promoted
// through.
type embedded struct {
	field    *types.Var
	selector string // behind a value of the outermost type: .Base.Inner
}

func promotedThrough(t types.Type, method *types.Selection) []embedded {
	var (
		all  []embedded
		path []string
	)
	for _, i := range method.Index()[:len(method.Index())-1] {
		f := gotype.Deref(t).Underlying().(*types.Struct).Field(i)
		path = append(path, f.Name())
		if _, pointer := gotype.Pointee(f.Type()); pointer || types.IsInterface(f.Type()) {
			all = append(all, embedded{f, "." + strings.Join(path, ".")})
		}
		t = f.Type()
	}
	return all
}

// hasFields reports whether t is, or points to, a struct of which a validator
// could see anything.
func hasFields(t types.Type) bool {
	s, ok := gotype.Deref(t).Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Exported() || f.Embedded() {
			return true
		}
	}
	return false
}
