package resolve

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// exampled reads the examples of types that p declares.
func (r *resolver) exampled(p *pkg) {
	objs, ds := p.marked("example")
	for i, obj := range objs {
		if len(ds[i].Args) > 0 && r.example(obj, ds[i]) { // else that is told
			key := gotype.Key(obj)
			r.examples[key] = append(r.examples[key], ds[i].Args[0].Value)
		}
	}
}

// example checks that an example is a value of a type.
func (r *resolver) example(obj *types.TypeName, d *directive.Directive) bool {
	arg := d.Args[0]
	in := json.NewDecoder(strings.NewReader(arg.Value))
	in.UseNumber()
	var data any
	err := in.Decode(&data)
	offset := in.InputOffset()
	if err == nil {
		if _, next := in.Token(); next != io.EOF { //nolint:errorlint // a Decoder returns it as it is
			err = errors.New("something follows the value")
		}
	} else if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		offset = syntax.Offset - 1
	} else {
		offset = int64(len(arg.Value))
	}
	if err != nil {
		pos := min(arg.Val+token.Pos(max(offset, 0)), arg.End-1)
		r.report(diag.BadExample, at{pos, pos + 1}, "this example is not JSON: "+err.Error(), "write one value of JSON on one line")
		return false
	}
	t := obj.Type()
	if gotype.Invalid(t.Underlying()) || r.broken(d.Site.Type) || r.json.Lacks(t, wiretype.In) || r.unending(t, d.Site.Type.Name) {
		return true // that is told elsewhere
	}
	var first wiretype.Misfit
	for _, way := range []wiretype.Way{wiretype.In, wiretype.Out} {
		shapes := r.json.Shapes(contractSource{r})
		shape := shapes.Shape(t, way)
		shapes.Defs(func(string) bool { return false })
		misfit, bad := wiretype.Fits(shape, data, way)
		if !bad {
			return true
		}
		if way == wiretype.In {
			first = misfit
		}
	}
	place := "the example"
	if first.Pointer != "" {
		place = first.Pointer + " of the example"
	}
	r.report(diag.BadExample, value(arg), fmt.Sprintf("this example is no value of %s: %s %s", obj.Name(), place, first.Why), "write a value with members of the type, each of its kind")
	return false
}
