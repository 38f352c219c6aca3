package resolve

import (
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// flats finds the parts of a handler's data and result that generated code can
// read and write itself.
func (r *resolver) flats(g *gateway, m *bound, h *model.Handler) {
	from := g.obj.Pkg()
	if h.Result != nil {
		h.ResultFlat = r.flat(m.sig.Results().At(0).Type(), from)
	}
	if len(h.Params) != m.sig.Params().Len() {
		return // one of them is a mistake
	}
	all := true
	for i := range h.Params {
		p := &h.Params[i]
		if p.Role != model.RoleData {
			continue
		}
		t := m.sig.Params().At(i).Type()
		spelled := p.Type.Kind == model.TypePointer // not behind a name
		switch elem, pointer := gotype.Pointee(t); {
		case h.Data == model.DataWhole:
			if p.Flat = r.flat(t, from); p.Flat != nil && p.Flat.Kind != model.FlatStruct {
				p.Flat = nil
			}
			return
		case h.Data == model.DataNullable:
			return
		case p.Optional == pointer && pointer == spelled:
			p.Flat = spellFlat(r.json.Of(elem).Scalar(), from)
		}
		all = all && p.Flat != nil
	}
	for i := range h.Params {
		if !all || len(h.Params) > 64 { // generated code keeps a bit for each
			h.Params[i].Flat = nil
		}
	}
}

// flat returns how generated code of package from reads and writes t; nil if
// that is left to encoding/json.
func (r *resolver) flat(t types.Type, from *types.Package) *model.Flat {
	return spellFlat(r.json.Of(t).Flat(), from)
}

// spellFlat writes f for generated code of package from; nil if such code cannot
// name its types. The code repeats the declaration of a struct, so that it does
// not compile if the struct has changed since: a new field would be missing on the
// wire.
func spellFlat(f *wiretype.Flat, from *types.Package) *model.Flat {
	if f == nil {
		return nil
	}
	out := &model.Flat{Kind: f.Kind, Fields: f.Fields}
	switch f.Kind {
	case model.FlatSlice:
		if out.Elem = spellFlat(f.Elem, from); out.Elem == nil {
			return nil
		}
	case model.FlatStruct:
		var err error
		if out.Type, err = typeRef(f.Named, from); err != nil {
			return nil
		}
		if out.Struct, err = typeRef(f.Struct, from); err != nil {
			return nil
		}
	}
	return out
}
