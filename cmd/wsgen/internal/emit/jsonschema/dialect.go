package jsonschema

import (
	"encoding/json"
	"net/url"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Dialect is how schemas are written for those who read them. Make one with Draft2020
// or Draft07.
type Dialect struct {
	// ref is a reference to the declared type that a contract calls by a name.
	ref func(name string) string
	// draft07 says that a list of items is written as items, that nothing counts
	// beside a reference, and that what is a reference or null is exactly one of both.
	draft07 bool
}

// Draft2020 is that of a bundle (https://json-schema.org/draft/2020-12). A reference is an
// address, in which a letter beyond ASCII is escaped (RFC 6901, section 6).
func Draft2020() Dialect {
	return Dialect{ref: func(name string) string { return "#/$defs/" + url.PathEscape(name) }}
}

// Draft07 is that of documents which have schemas in them
// (https://json-schema.org/draft-07). ref is a reference to the declared type that the
// contract calls by a name.
func Draft07(ref func(name string) string) Dialect { return Dialect{ref: ref, draft07: true} }

// Defs are the declared types of a contract, by their names in it.
func (d Dialect) Defs(c *model.Contract) Members {
	all := Members{}
	for _, def := range c.Defs {
		w := Taken
		if def.Sent != nil {
			w = Sent
		}
		all.Add(def.Name, d.ofDef(def, w))
		if def.Input != "" {
			all.Add(def.Input, d.ofDef(def, Taken))
		}
	}
	return all
}

// ofDef is the schema of a declared type.
func (d Dialect) ofDef(def *model.Def, w Way) *Schema {
	shape := going(def, w)
	s := d.Of(shape, w)
	s.Comment = def.Go
	s.describe(def.Doc)
	for _, example := range def.Examples {
		s.Examples = append(s.Examples, json.RawMessage(example))
	}
	if values := ofValues(shape.Values); values != "" {
		s.Description = paragraphs(s.Description, values)
	}
	return s
}

// going is the shape of a declared type that goes one way.
func going(def *model.Def, w Way) *model.Shape {
	if w == Taken {
		return def.Taken
	}
	return def.Sent
}

// reference refers to a declared type.
func (d Dialect) reference(s *model.Shape, w Way) *Schema {
	name := s.Def.Name
	if w == Taken && s.Def.Input != "" {
		name = s.Def.Input
	}
	ref := &Schema{Ref: d.ref(name)}
	switch {
	case !s.Null:
		return ref
	case !d.draft07:
		return &Schema{AnyOf: []*Schema{ref, {Type: Types{"null"}}}}
	case nullable(going(s.Def, w)):
		return ref // null would be both
	}
	return &Schema{OneOf: []*Schema{ref, {Type: Types{"null"}}}}
}

func nullable(s *model.Shape) bool { return s != nil && (s.Null || s.Kind == model.ShapeAny) }

// tuple writes the schemas of the elements of an array of one length.
func (d Dialect) tuple(out *Schema, elements []*Schema) {
	if d.draft07 {
		out.Items = elements
	} else {
		out.PrefixItems = elements
	}
}

// beside is a schema with what stands beside a reference in it made to count.
func (d Dialect) beside(s *Schema) *Schema {
	if d.draft07 && s.Ref != "" {
		s.AllOf, s.Ref = []*Schema{{Ref: s.Ref}}, ""
	}
	return s
}
