package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// setsCopy warns of a method that decodes into a copy of its value, which is
// then dropped.
func (m *members) setsCopy(t types.Type) {
	obj := named(t)
	if !m.read || obj == nil || !m.r.inModule(obj.Pkg()) || m.r.isGenerated(obj) {
		return
	}
	switch t.Underlying().(type) {
	case *types.Map, *types.Pointer, *types.Interface: // there is something to set behind the copy
		return
	}
	name := m.coder(t)
	fn, index, _ := types.LookupFieldOrMethod(t, false, nil, name) // of a value
	if fn == nil || len(index) > 1 {
		return
	}
	m.r.warn(diag.DecodesCopy, nameSpan(fn), fmt.Sprintf("%s decodes into a copy of its %s, so what it reads is lost", name, obj.Name()),
		fmt.Sprintf("let its receiver be a *%s", obj.Name()))
}

// unaddressed warns of values of a map whose method takes a pointer: there is
// none to them, so encoding/json writes them as if they had no method.
func (m *members) unaddressed(elem types.Type) {
	if m.read || !encodes(elem) || types.IsInterface(elem) {
		return
	}
	if _, pointer := pointee(elem); pointer {
		return
	}
	name := m.coder(elem)
	if fn, _, _ := types.LookupFieldOrMethod(elem, false, nil, name); fn != nil {
		return
	}
	shown := m.r.show(elem, m.from)
	help := "let the values be pointers"
	if obj := named(elem); obj != nil && m.r.inModule(obj.Pkg()) {
		help += fmt.Sprintf("; or let the receiver of %s be no pointer", name)
	}
	m.r.warn(diag.NoAddress, m.at, fmt.Sprintf("%s is not called here: its receiver is a pointer, and encoding/json has none to a %s in a map", name, shown), help)
}
