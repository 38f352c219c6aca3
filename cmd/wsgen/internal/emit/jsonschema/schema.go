package jsonschema

import (
	"bytes"
	"encoding/json"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Schema is as much of a schema as shapes need, in the order in which it is
// written. The zero value holds for anything.
type Schema struct {
	Never                bool              `json:"-"` // it holds for nothing, and is written as false
	Comment              string            `json:"$comment,omitempty"`
	Title                string            `json:"title,omitempty"`
	Description          string            `json:"description,omitempty"`
	Deprecated           bool              `json:"deprecated,omitempty"`
	Ref                  string            `json:"$ref,omitempty"`
	AllOf                []*Schema         `json:"allOf,omitempty"`
	AnyOf                []*Schema         `json:"anyOf,omitempty"`
	OneOf                []*Schema         `json:"oneOf,omitempty"`
	Const                json.RawMessage   `json:"const,omitempty"`
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
	Items                any               `json:"items,omitempty"` // *Schema, or of draft-07 a list of them
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

// MarshalJSON writes an object, or false.
func (s *Schema) MarshalJSON() ([]byte, error) {
	if s.Never {
		return []byte("false"), nil
	}
	type plain Schema
	return encode((*plain)(s))
}

// describe takes over what a comment says.
func (s *Schema) describe(doc model.Doc) {
	s.Deprecated = doc.Deprecated != ""
	s.Description = Description(doc)
}

// Description is what a comment says, and then why one should not use it any more.
func Description(doc model.Doc) string {
	if doc.Deprecated == "" {
		return doc.Text
	}
	return paragraphs(doc.Text, "Deprecated: "+doc.Deprecated)
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

// Members are schemas by name.
type Members = Object[*Schema]

// Object is values by name, which keep their order.
type Object[T any] []Member[T]

// Member is one value of an Object.
type Member[T any] struct {
	Name  string
	Value T
}

// Add adds a value.
func (o *Object[T]) Add(name string, value T) { *o = append(*o, Member[T]{name, value}) }

// MarshalJSON writes an object.
func (o Object[T]) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		for j, part := range []any{m.Name, m.Value} {
			text, err := encode(part)
			if err != nil {
				return nil, err
			}
			if j > 0 {
				out.WriteByte(':')
			}
			out.Write(text)
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// encode is a value as JSON, with < and > as they are.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return out.Bytes(), err
}

// Render is the text of a file: two spaces a level, and a newline at its end.
func Render(document any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(document)
	return out.Bytes(), err
}
