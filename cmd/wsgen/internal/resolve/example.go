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
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
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
	data, ok := r.exampleValue(d.Args[0])
	if !ok {
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
	r.misfit(d, obj.Name(), first, "write a value with members of the type, each of its kind")
	return false
}

// exampleValue reads an example. It reports what is no JSON.
func (r *resolver) exampleValue(arg directive.Arg) (data any, ok bool) {
	in := json.NewDecoder(strings.NewReader(arg.Value))
	in.UseNumber()
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
	if err == nil {
		return data, true
	}
	pos := min(arg.Val+token.Pos(max(offset, 0)), arg.End-1)
	r.report(diag.BadExample, at{pos, pos + 1}, "this example is not JSON: "+err.Error(), "write one value of JSON on one line")
	return nil, false
}

// misfit reports an example that is no value of what a name stands for.
func (r *resolver) misfit(d *directive.Directive, of string, m wiretype.Misfit, help string) {
	place := "the example"
	if m.Pointer != "" {
		place = m.Pointer + " of the example"
	}
	r.report(diag.BadExample, value(d.Args[0]), fmt.Sprintf("this example is no value of %s: %s %s", of, place, m.Why), help)
}

// callExamples reads the examples of a handler's data.
func (r *resolver) callExamples(m *bound, h *model.Handler) {
	for _, d := range m.ds {
		if d.Name != "example" || len(d.Args) == 0 {
			continue
		}
		if data, ok := r.exampleValue(d.Args[0]); ok && r.fitsCall(m, h, d, data) {
			m.examples = append(m.examples, d.Args[0].Value)
		}
	}
}

// fitsCall checks that an example is what a client may send with a call.
func (r *resolver) fitsCall(m *bound, h *model.Handler, d *directive.Directive, data any) bool {
	if len(h.Params) != m.sig.Params().Len() {
		return true // one of them is a mistake
	}
	for i, p := range h.Params {
		if p.Role == model.RoleData && r.json.Lacks(m.sig.Params().At(i).Type(), wiretype.In) {
			return true // that is told elsewhere
		}
	}
	if h.Data == model.DataNone {
		r.report(diag.BadExample, value(d.Args[0]), m.fn.Name()+" takes no data, so there is no example of it", "remove it")
		return false
	}
	shapes := r.json.Shapes(contractSource{r})
	in := r.data(shapes, m, h)
	shapes.Defs(func(string) bool { return false })
	shape := in.Shape
	if shape == nil {
		shape = &model.Shape{Kind: model.ShapeObject, Fields: in.Members}
		if _, named := data.(map[string]any); !named && h.Data == model.DataScalar {
			shape = in.Members[0].Shape // it may be sent alone
		}
	}
	misfit, bad := wiretype.Fits(shape, data, wiretype.In)
	if bad {
		r.misfit(d, "the data of "+m.fn.Name(), misfit, "write what a client sends, with members that there are, each of its kind")
	}
	return !bad
}
