package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// setsCopy warns of a method that decodes into a copy of its value, which is
// then dropped.
func (r *resolver) setsCopy(t *wiretype.Type) {
	obj := gotype.Named(t.Go)
	if obj == nil || !r.inModule(obj.Pkg()) || r.isGenerated(obj) {
		return
	}
	if fn := t.CopyCoder(); fn != nil {
		r.warn(diag.DecodesCopy, nameSpan(fn), fmt.Sprintf("%s decodes into a copy of its %s, so what it reads is lost", fn.Name(), obj.Name()),
			fmt.Sprintf("let its receiver be a *%s", obj.Name()))
	}
}

// unaddressed warns of values of a map whose method takes a pointer: there is
// none to them, so encoding/json writes them as if they had no method. The map
// stands at where, in package from.
func (r *resolver) unaddressed(elem types.Type, where span, from *types.Package) {
	name := r.json.Of(elem).Unaddressed()
	if name == "" {
		return
	}
	help := "let the values be pointers"
	if obj := gotype.Named(elem); obj != nil && r.inModule(obj.Pkg()) {
		help += fmt.Sprintf("; or let the receiver of %s be no pointer", name)
	}
	r.warn(diag.NoAddress, where, fmt.Sprintf("%s is not called here: its receiver is a pointer, and encoding/json has none to a %s in a map", name, r.show(elem, from)), help)
}

// promoted warns of a struct whose JSON an embedded type decides about.
func (r *resolver) promoted(t *wiretype.Type, way wiretype.Way) {
	p := t.Promoted(way)
	if p == nil || !r.mendable(t.Go) {
		return
	}
	var lost []string
	for _, v := range p.Lost {
		lost = append(lost, v.Name())
	}
	verb := "travels"
	if len(lost) > 1 {
		verb = "travel"
	}
	r.warn(diag.PromotedCoder, r.fieldSpan(p.By),
		fmt.Sprintf("%s never %s: %s has the methods of the embedded %s, and encoding/json has them make the JSON of the whole", and(lost), verb, structName(t.Go), p.By.Name()),
		fmt.Sprintf("give the embedded %s a field name, or keep the others from JSON on purpose, with json:\"-\"", p.By.Name()))
}
