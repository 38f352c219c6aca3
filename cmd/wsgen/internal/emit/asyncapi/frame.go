package asyncapi

import (
	"bytes"
	"encoding/json"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
)

// A frame is docs/reference/protocol.md, "Frames". Members that it does not name are
// ignored by both ends, so schemas of frames are open.

// Schemas that are wsgen's and not the user's, whose names have no dot.
const (
	ownID      = "wsgen.Id"
	ownMeta    = "wsgen.Meta"
	ownError   = "wsgen.Error"
	ownAskID   = "wsgen.AskId"
	ownRefusal = "wsgen.Refusal"
	ownLog     = "wsgen.Log"
	ownAt      = "wsgen.At"
)

// framed is a frame that is being written.
type framed struct{ *jsonschema.Schema }

// frame begins one of an event.
func frame(event string) framed {
	f := framed{&jsonschema.Schema{Type: jsonschema.Types{"object"}}}
	f.add("event", &jsonschema.Schema{Const: quote(event)}, true)
	return f
}

// add adds a member.
func (f framed) add(name string, s *jsonschema.Schema, needed bool) {
	f.Properties.Add(name, s)
	if needed {
		f.Required = append(f.Required, name)
	}
}

// own refers to one of wsgen's schemas.
func own(name string) *jsonschema.Schema { return &jsonschema.Schema{Ref: typeRef(name)} }

func null() *jsonschema.Schema { return &jsonschema.Schema{Type: jsonschema.Types{"null"}} }

func str(about string) *jsonschema.Schema {
	return &jsonschema.Schema{Description: about, Type: jsonschema.Types{"string"}}
}

// quote is a string of JSON.
func quote(text string) json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string has JSON
	return bytes.TrimSpace(out.Bytes())
}

// ours are wsgen's schemas.
func (b *builder) ours() (all jsonschema.Members) {
	id := str("")
	id.MinLength, id.MaxLength, id.Pattern = "1", "64", "^[^$]"
	all.Add(ownID, &jsonschema.Schema{
		Description: "What an answer has of the message that it answers. A message without one is not answered where its handler returns nothing.",
		OneOf:       []*jsonschema.Schema{{Type: jsonschema.Types{"integer"}}, id},
	})
	meta := &jsonschema.Schema{
		Description:          "What is said of a message beside its data, such as traceparent, deadlineMs, and credit of a stream.",
		Type:                 jsonschema.Types{"object"},
		AdditionalProperties: str(""),
	}
	all.Add(ownMeta, meta)
	all.Add(ownError, b.refusal())
	if b.asks() {
		ask := str("The id of a question of the server's.")
		ask.Pattern = "^[$]"
		all.Add(ownAskID, ask)
		refused := framed{&jsonschema.Schema{Type: jsonschema.Types{"object"}}}
		refused.add("code", str("Why; unknown_event if the client does not know the question."), true)
		refused.add("message", str("Text for people."), false)
		all.Add(ownRefusal, refused.Schema)
	}
	if b.keeps() {
		log := str("The history that a kept push is in. A push that is not kept, such as one to everyone, has none.")
		log.Pattern = "^[A-Za-z0-9_-]{11}$"
		all.Add(ownLog, log)
		at := str("Where it is there. A client that follows the history keeps the last one of each, and says it by $resume when it comes back.")
		at.Pattern = "^[A-Za-z0-9]{1,16}[.][0-9]{1,20}$"
		all.Add(ownAt, at)
	}
	return all
}
