package jsonschema

import (
	"bytes"
	"encoding/json"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Schema is as much of a schema as shapes need, in the order in which it is
// written. The zero value holds for anything.
type Schema struct {
	Comment              string            `json:"$comment,omitempty"`
	Description          string            `json:"description,omitempty"`
	Deprecated           bool              `json:"deprecated,omitempty"`
	Ref                  string            `json:"$ref,omitempty"`
	AnyOf                []*Schema         `json:"anyOf,omitempty"`
	Type                 Types             `json:"type,omitempty"`
	Format               string            `json:"format,omitempty"`
	ContentEncoding      string            `json:"contentEncoding,omitempty"`
	Pattern              string            `json:"pattern,omitempty"`
	MinLength            json.Number       `json:"minLength,omitempty"`
	MaxLength            json.Number       `json:"maxLength,omitempty"`
	Minimum              json.Number       `json:"minimum,omitempty"`
	Maximum              json.Number       `json:"maximum,omitempty"`
	ExclusiveMinimum     json.Number       `json:"exclusiveMinimum,omitempty"`
	ExclusiveMaximum     json.Number       `json:"exclusiveMaximum,omitempty"`
	Enum                 []json.RawMessage `json:"enum,omitempty"`
	PrefixItems          []*Schema         `json:"prefixItems,omitempty"`
	Items                any               `json:"items,omitempty"` // *Schema, or false: no more
	MinItems             json.Number       `json:"minItems,omitempty"`
	MaxItems             json.Number       `json:"maxItems,omitempty"`
	Properties           Members           `json:"properties,omitempty"`
	Required             []string          `json:"required,omitempty"`
	PropertyNames        *Schema           `json:"propertyNames,omitempty"`
	AdditionalProperties *Schema           `json:"additionalProperties,omitempty"`
	MinProperties        json.Number       `json:"minProperties,omitempty"`
	MaxProperties        json.Number       `json:"maxProperties,omitempty"`
	Examples             []json.RawMessage `json:"examples,omitempty"`
}

// describe takes over what a comment says.
func (s *Schema) describe(doc model.Doc) {
	s.Deprecated = doc.Deprecated != ""
	s.Description = doc.Text
	if s.Deprecated {
		s.Description = paragraphs(doc.Text, "Deprecated: "+doc.Deprecated)
	}
}

// paragraphs joins two texts, of which either may be empty.
func paragraphs(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

// Types are the types that a value may have. A single one is written as a string.
type Types []string

// MarshalJSON writes one string or a list.
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// Named is a schema with its name.
type Named struct {
	Name   string
	Schema *Schema
}

// Members are schemas by name, which keep their order.
type Members []Named

// MarshalJSON writes an object.
func (m Members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	out.WriteByte('{')
	for i, n := range m {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encoder.Encode(n.Name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := encoder.Encode(n.Schema); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
