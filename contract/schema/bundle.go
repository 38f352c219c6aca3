// Package schema holds what wsgen says of JSON to what encoding/json does. Its
// tests make types at random, have wsgen write their schemas, and compile a program
// that writes and reads values of them.
package schema

import (
	"bytes"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// address is where validators take the schemas to be.
const address = "http://localhost/out.json"

// Bundle is a file of schemas that wsgen has written. It is not safe for concurrent
// use.
type Bundle struct {
	names   map[string]bool
	sent    *jsonschema.Compiler // these refuse members that they do not name
	taken   *jsonschema.Compiler
	schemas map[string]*jsonschema.Schema
}

// Parse reads a bundle.
func Parse(text string) (*Bundle, error) {
	b := &Bundle{names: map[string]bool{}, schemas: map[string]*jsonschema.Schema{}}
	var err error
	if b.taken, err = compiler(text, jsonschema.Draft2020, b.name); err != nil {
		return nil, err
	}
	b.sent, err = compiler(text, jsonschema.Draft2020, seal)
	return b, err
}

// name notes the names of the types.
func (b *Bundle) name(doc any) {
	top, _ := doc.(map[string]any)
	defs, _ := top["$defs"].(map[string]any)
	for name := range defs {
		b.names[name] = true
	}
}

// compiler reads a document, and changes it.
func compiler(text string, draft *jsonschema.Draft, change func(any)) (*jsonschema.Compiler, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	change(doc)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(draft)
	return c, c.AddResource(address, doc)
}

// seal refuses what is not named in every object with members.
func seal(doc any) {
	switch doc := doc.(type) {
	case map[string]any:
		kinds, _ := doc["type"].([]any)
		if _, open := doc["additionalProperties"]; !open && (doc["type"] == "object" || slices.Contains(kinds, any("object"))) {
			doc["additionalProperties"] = false
		}
		for _, part := range doc {
			seal(part)
		}
	case []any:
		for _, part := range doc {
			seal(part)
		}
	}
}

// Has reports whether a type is described: one that writes itself is not.
func (b *Bundle) Has(name string) bool { return b.names[name] }

// Sent says why a value is none that the server sends as this type, with all of its
// members and no other; nil if it is one.
func (b *Bundle) Sent(name string, text []byte) error { return b.validate(b.sent, "sent ", name, text) }

// Taken says why a value is none that clients may send as this type; nil if it is
// one.
func (b *Bundle) Taken(name string, text []byte) error {
	if b.names[name+"Input"] {
		name += "Input"
	}
	return b.validate(b.taken, "taken ", name, text)
}

func (b *Bundle) validate(c *jsonschema.Compiler, way, name string, text []byte) error {
	s := b.schemas[way+name]
	if s == nil {
		var err error
		if s, err = c.Compile(address + "#/$defs/" + name); err != nil {
			return err
		}
		b.schemas[way+name] = s
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(value)
}
