package asyncapi

import (
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// builder makes one document.
type builder struct {
	contract   *model.Contract
	doc        *document
	schemas    jsonschema.Dialect
	places     bool              // positions in the source are told
	types      map[string]string // keys of declared types, by their names in the contract
	messages   keys
	operations keys
	heard      map[*model.Registry]*heard
}

// bearer is the key of the one security scheme.
const bearer = "token"

// heard are the messages of a registry, which every gateway of it has.
type heard struct{ pushes, asks, answers []string } // keys, in the order of the events

// newDocument is the document of a contract.
func newDocument(c *model.Contract, version string, places bool) *document {
	b := &builder{
		contract: c, places: places, types: map[string]string{},
		messages: keys{"error": true, "refusal": true}, operations: keys{}, heard: map[*model.Registry]*heard{},
		doc: &document{
			// A module has no version while it is built.
			Mark: mark.Text, AsyncAPI: version, Info: info{Title: c.Title, Version: "0.0.0", Description: jsonschema.Description(c.Doc)},
			ContentType: "application/json",
			Channels:    jsonschema.Object[*channel]{}, Operations: jsonschema.Object[*operation]{},
		},
	}
	b.schemas = jsonschema.Draft07(func(name string) string { return typeRef(b.types[name]) })
	b.declare()
	channels := keys{}
	for _, g := range c.Gateways {
		b.gateway(g, channels.free(g.Package.Name, g.Gateway.Name))
	}
	b.refusals()
	if b.secured() {
		b.doc.Components.Security = &jsonschema.Object[security]{}
		b.doc.Components.Security.Add(bearer, security{
			Type: "http", Scheme: "bearer",
			Description: "A token, in the header Authorization. A page offers it as a subprotocol behind bearer, or says it in $connect.",
		})
	}
	return b.doc
}

// declare writes the schemas of all that has a name: what every frame has, and then
// the declared types.
func (b *builder) declare() {
	b.doc.Components.Schemas = b.ours()
	taken := keys{}
	for _, m := range b.doc.Components.Schemas {
		taken[m.Name] = true
	}
	for _, def := range b.contract.Defs { // all keys before the first reference
		b.types[def.Name] = taken.free(def.Name)
		if def.Input != "" {
			b.types[def.Input] = taken.free(def.Input)
		}
	}
	for _, m := range b.schemas.Defs(b.contract) {
		b.doc.Components.Schemas.Add(b.types[m.Name], m.Value)
	}
}

// asks reports whether anything is asked of clients.
func (b *builder) asks() bool {
	for _, r := range b.contract.Registries {
		if len(r.Asks) > 0 {
			return true
		}
	}
	return false
}

// keeps reports whether anything that is pushed is kept.
func (b *builder) keeps() bool {
	for _, r := range b.contract.Registries {
		if slices.ContainsFunc(r.Pushes, func(p *model.Pushed) bool { return p.Kept }) {
			return true
		}
	}
	return false
}

// message adds a message, and returns its key.
func (b *builder) message(m *message, name ...string) string {
	key := b.messages.free(name...)
	b.doc.Components.Messages.Add(key, m)
	return key
}

func typeRef(key string) string { return "#/components/schemas/" + key }
