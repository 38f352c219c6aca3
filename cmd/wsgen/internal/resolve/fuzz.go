package resolve

import (
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// fuzz fills in what fuzz tests begin with. It is asked for once the model has no
// mistakes. Packages of which nothing is generated may have some that nobody was
// told of, and are left out.
func (r *resolver) fuzz() {
	served := r.served()
	for _, p := range r.pkgs {
		if !p.src.Requested && !served[p] {
			continue
		}
		shapes := r.json.Shapes(contractSource{r})
		for _, g := range p.gateways {
			for _, h := range g.model.Handlers {
				if h.Data != model.DataNone {
					h.Fuzz = r.fuzzed(shapes, g.handlers[h], h)
				}
			}
		}
	}
}

// fuzzed is what the fuzz test of one handler begins with.
func (r *resolver) fuzzed(shapes *wiretype.Shapes, m *bound, h *model.Handler) *model.Fuzz {
	fuzz := &model.Fuzz{Back: model.BackSame}
	for i, p := range h.Params {
		if p.Role == model.RoleData {
			fuzz.Back = min(fuzz.Back, r.json.Back(m.sig.Params().At(i).Type()))
		}
	}
	data := r.data(shapes, m, h)
	if data.Shape != nil {
		fuzz.Seeds = []string{wiretype.Sample(data.Shape)}
		return fuzz
	}
	fuzz.Seeds = []string{wiretype.SampleObject(data.Members)}
	if data.Form == model.DataScalar {
		fuzz.Seeds = append(fuzz.Seeds, wiretype.Sample(data.Members[0].Shape))
	}
	return fuzz
}
