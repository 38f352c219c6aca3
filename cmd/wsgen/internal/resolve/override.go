package resolve

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// overrides finds what types that write their own JSON are in it, by //ws:type.
func (r *resolver) overrides(p *pkg) {
	objs, ds := p.marked("type")
	for i, obj := range objs {
		if len(ds[i].Args) > 0 { // else that is told
			r.override(p, obj, ds[i])
		}
	}
}

func (r *resolver) override(p *pkg, obj *types.TypeName, d *directive.Directive) {
	if obj.IsAlias() {
		r.report(diag.OnAlias, head(d), "//ws:type belongs on the declaration of a type, and "+obj.Name()+" is another name for one", "mark the type itself")
		return
	}
	if at := r.json.Of(obj.Type()); at.Coder(wiretype.In) == "" && at.Coder(wiretype.Out) == "" {
		if !gotype.Invalid(obj.Type().Underlying()) && !r.broken(d.Site.Type) {
			r.report(diag.WrongKind, head(d), fmt.Sprintf("//ws:type has no effect: %s has no method for its JSON, so encoding/json writes what it is declared as", obj.Name()), "remove it")
		}
		return
	}
	var words []string
	for _, a := range d.Args {
		words = append(words, a.Value)
	}
	where := at{d.Args[0].Val, d.Args[len(d.Args)-1].End}
	code := strings.Join(words, " ")
	tv, err := types.Eval(r.src.Fset, p.src.Types, d.Site.Type.Pos(), code)
	switch {
	case err != nil || !tv.IsType() || gotype.Invalid(tv.Type):
		r.report(diag.BadTypeDirective, where, code+" is no type here", "write a type of Go as this file could declare it, such as string")
		return
	case r.json.Lacks(tv.Type, wiretype.Out) || r.json.Lacks(tv.Type, wiretype.In):
		r.report(diag.BadTypeDirective, where, code+" has no form in JSON", "write a type that encoding/json reads and writes, such as string")
		return
	}
	o := wiretype.Override{Type: tv.Type}
	if f, ok := d.Option("format"); ok {
		o.Format = f.Value
	}
	r.ownForms[gotype.Key(obj)] = o
}

// ownJSON warns of types of this module that write their own JSON in a contract, and
// do not say what that is.
func (r *resolver) ownJSON(shapes *wiretype.Shapes) {
	for _, obj := range shapes.Opaque() {
		if !r.inModule(obj.Pkg()) || r.isGenerated(obj) {
			continue
		}
		r.warn(diag.OwnJSON, nameSpan(obj), obj.Name()+" writes its own JSON, so clients know nothing of it",
			diag.Paste("say above the type what it is in JSON, by a type of Go", "//ws:type string"))
	}
}
