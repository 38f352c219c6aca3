package wiretype

import (
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// def is a declared type while the contract is made.
type def struct {
	model *model.Def
	of    *types.Named
	ways  [2]*model.Shape // by Way; nil: it does not go that way
}

// declared is a reference to the Def of a declared type. It is nil for an
// interface, for a pointer, and for a scalar without exported constants.
func (s *Shapes) declared(named *types.Named, w Way) *model.Shape {
	key := gotype.Identity(named)
	d := s.defs[key]
	if d == nil {
		if !s.describes(named) {
			return nil
		}
		d = &def{of: named, model: &model.Def{
			Go: types.TypeString(named, (*types.Package).Name), Doc: s.source.Doc(named.Obj()), Examples: s.source.Examples(named.Obj()),
		}}
		s.defs[key] = d
		s.order = append(s.order, d)
	}
	if d.ways[w] == nil {
		d.ways[w] = &model.Shape{} // it may hold itself
		if d.model.Shape == nil {
			d.model.Shape = d.ways[w]
		}
		*d.ways[w] = *s.described(named, w)
	}
	return &model.Shape{Kind: model.ShapeRef, Def: d.model, Null: nullable(named)}
}

// describes reports whether a declared type gets a Def.
func (s *Shapes) describes(named *types.Named) bool {
	switch named.Underlying().(type) {
	case *types.Interface, *types.Pointer:
		return false
	case *types.Basic:
		return len(s.values(named)) > 0
	}
	return true
}

// described is the shape of a declared type that stands in its Def. References to
// it say whether it may be null.
func (s *Shapes) described(named *types.Named, w Way) *model.Shape {
	shape := s.literal(named, w)
	shape.Null = false
	if _, scalar := named.Underlying().(*types.Basic); scalar {
		return &model.Shape{Kind: model.ShapeEnum, Format: shape.Format, Values: s.values(named)}
	}
	return shape
}

// Defs are the declared types of all shapes so far, by first use, with their
// names. taken are names that none of them may have. Nothing may be added
// afterwards.
func (s *Shapes) Defs(taken func(name string) bool) []*model.Def {
	var all []*model.Def
	for _, d := range s.order {
		in, out := d.ways[In], d.ways[Out]
		d.model.Sent, d.model.Taken = out, in
		switch {
		case out == nil:
			d.model.Shape = in
		case in == nil:
			d.model.Shape = out
		default:
			d.model.Shape = common(out, in)
		}
		all = append(all, d.model)
	}
	s.name(taken)
	s.inputs(taken)
	return all
}

// common is the shape of a part of a type that goes both ways. It is that which the
// server sends. Where clients have to send another one it is anything.
func common(out, in *model.Shape) *model.Shape {
	if out == nil || in == nil {
		return out
	}
	if out.Kind != in.Kind || out.Def != in.Def || out.Format != in.Format || out.Quoted != in.Quoted {
		return anything()
	}
	both := *out
	both.Elem, both.Key = common(out.Elem, in.Elem), common(out.Key, in.Key)
	both.Fields = nil
	for i, m := range out.Fields { // those of one struct: the same both ways
		member := *m
		member.Shape = common(m.Shape, in.Fields[i].Shape)
		both.Fields = append(both.Fields, &member)
	}
	return &both
}

// inputs names what clients send of the types that go both ways and differ.
func (s *Shapes) inputs(taken func(name string) bool) {
	differs := map[*model.Def]bool{}
	for changed := true; changed; { // a type differs if one that it refers to does
		changed = false
		for _, d := range s.order {
			if def := d.model; def.Sent != nil && def.Taken != nil && !differs[def] && differ(def.Sent, def.Taken, differs) {
				differs[def], changed = true, true
			}
		}
	}
	for _, d := range s.order {
		if differs[d.model] {
			d.model.Input = s.free(d.model.Name+"Input", taken)
		}
	}
}

// differ reports whether what is sent of a shape is not all that is taken: of an
// array of one length any other is, of an enum every value of its kind, and of an
// object one without the members that need not be there. differs has the types that
// are known to.
func differ(out, in *model.Shape, differs map[*model.Def]bool) bool {
	if out == nil || in == nil {
		return out != in
	}
	if out.Kind != in.Kind || out.Null != in.Null || out.Format != in.Format || out.Quoted != in.Quoted || out.Def != in.Def {
		return true
	}
	for i, m := range out.Fields {
		if m.Optional == m.Required || m.Rules.Any() || differ(m.Shape, in.Fields[i].Shape, differs) {
			return true
		}
	}
	return out.Kind == model.ShapeEnum || out.Kind == model.ShapeTuple || out.Kind == model.ShapeRef && differs[out.Def] ||
		differ(out.Elem, in.Elem, differs) || differ(out.Key, in.Key, differs)
}
