package asyncapi

import (
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
)

// everyCall are the codes that every call may be refused with, and its data with them
// (docs/reference/protocol.md, "Errors"), in the order of package ws.
func everyCall() []string {
	return []string{
		"bad_frame", "unknown_event", "invalid_payload", "validation_failed", "unauthenticated", "forbidden",
		"rate_limited", "timeout", "canceled", "too_large", "unavailable", "internal",
	}
}

// applications are the codes of package ws that only an application uses.
func applications() []string { return []string{"not_found", "conflict"} }

// refusals writes the messages of refusals: of the server's, and of a client's that
// was asked something.
func (b *builder) refusals() {
	f := frame("error")
	f.add("id", own(ownID), false)
	f.add("data", own(ownError), true)
	b.doc.Components.Messages.Add("error", &message{
		Name: "error", Title: "a refusal", Description: "The answer to what was not done, or a word about a frame without an id.",
		Correlation: byID(), Payload: f.Schema,
	})
	if !b.asks() {
		return
	}
	f = frame("error")
	f.add("id", own(ownAskID), true)
	f.add("data", own(ownRefusal), true)
	b.doc.Components.Messages.Add("refusal", &message{
		Name: "error", Title: "a client's refusal", Description: "The answer of a client that does not answer a question.",
		Correlation: byID(), Payload: f.Schema,
	})
}

// refusal is the data of the server's refusals.
func (b *builder) refusal() *jsonschema.Schema {
	fault := framed{&jsonschema.Schema{Type: jsonschema.Types{"object"}}}
	fault.add("path", str("A JSON pointer into data (RFC 6901)."), true)
	for _, name := range []string{"rule", "param", "message"} {
		fault.add(name, str(""), false)
	}
	code, more := b.code()
	f := framed{&jsonschema.Schema{Type: jsonschema.Types{"object"}}}
	f.add("code", code, true)
	f.add("message", str("Text for people."), true)
	f.add("event", str("The event of the message that is refused."), false)
	f.add("details", &jsonschema.Schema{Description: "What is wrong with data.", Type: jsonschema.Types{"array"}, Items: fault.Schema}, false)
	f.add("retryAfterMs", &jsonschema.Schema{Description: "After so many milliseconds another try makes sense.", Type: jsonschema.Types{"integer"}}, false)
	f.add("ref", str("What the server's log has as well; of internal only."), false)
	f.Description = more
	return f.Schema
}

// code is what the code of a refusal may be: no other than these if every call
// declares what it refuses with. It also says what those of the application mean.
func (b *builder) code() (s *jsonschema.Schema, meanings string) {
	closed := true
	var declared []string
	for _, g := range b.contract.Gateways {
		for _, c := range g.Calls {
			closed = closed && c.Closed
			declared = append(declared, c.Errors...)
		}
	}
	codes := everyCall()
	if !closed {
		codes = append(codes, applications()...)
		for _, c := range b.contract.Codes {
			codes = append(codes, c.Code)
		}
	}
	slices.Sort(declared)
	s = &jsonschema.Schema{}
	var seen []string
	for _, code := range slices.Concat(codes, declared) {
		if !slices.Contains(seen, code) {
			seen = append(seen, code)
			s.Enum = append(s.Enum, quote(code))
		}
	}
	for _, c := range b.contract.Codes {
		if c.Doc.Text != "" && slices.Contains(seen, c.Code) {
			meanings += "\n- " + c.Code + ": " + strings.ReplaceAll(c.Doc.Text, "\n", " ")
		}
	}
	s.Type = jsonschema.Types{"string"}
	if !closed {
		s = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, str("")}}
	}
	return s, strings.TrimPrefix(meanings, "\n")
}
