package asyncapi

import (
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// hears writes the operations of what the clients of a gateway are pushed and asked:
// all that those of its registry are. The messages are written once.
func (b *builder) hears(r *room) {
	registry := r.facade.Registry
	h := b.heard[registry]
	if h == nil {
		h = &heard{}
		b.heard[registry] = h
		b.outbound(registry, h)
	}
	for i, push := range registry.Pushes {
		o := r.operation(sends, push.Event, push.Doc)
		o.Messages = []reference{r.refer(h.pushes[i], "push", push.Event)}
		b.doc.Operations.Add(b.operations.free(r.key, "push", push.Event), o)
	}
	if len(registry.Asks) == 0 {
		return
	}
	refusal := r.refer("refusal", "refusal")
	for i, ask := range registry.Asks {
		o := r.operation(sends, ask.Event, ask.Doc)
		o.Messages = []reference{r.refer(h.asks[i], "ask", ask.Event)}
		o.Reply = r.reply(r.refer(h.answers[i], "ask", ask.Event, "reply"), refusal)
		b.doc.Operations.Add(b.operations.free(r.key, "ask", ask.Event), o)
	}
}

// outbound writes the messages of a registry.
func (b *builder) outbound(registry *model.Registry, h *heard) {
	for _, push := range registry.Pushes {
		f := frame(push.Event)
		f.add("id", &jsonschema.Schema{Never: true}, false)
		f.add("data", b.union(push.Data, jsonschema.Sent), true)
		if push.Kept {
			f.add("log", own(ownLog), false)
			f.add("at", own(ownAt), false)
		}
		h.pushes = append(h.pushes, b.message(&message{
			Name: push.Event, Title: push.Event, Description: jsonschema.Description(push.Doc), Payload: f.Schema,
		}, registry.Name, "push", push.Event))
	}
	for _, ask := range registry.Asks {
		question, answer := frame(ask.Event), frame(ask.Event)
		question.add("id", own(ownAskID), true)
		question.add("data", b.union(ask.In, jsonschema.Sent), true)
		h.asks = append(h.asks, b.message(&message{
			Name: ask.Event, Title: ask.Event, Description: jsonschema.Description(ask.Doc), Correlation: byID(), Payload: question.Schema,
		}, registry.Name, "ask", ask.Event))
		answer.add("id", own(ownAskID), true)
		if !slices.Contains(ask.Out, nil) { // data of a bare answer are not looked at
			answer.add("data", b.union(ask.Out, jsonschema.Taken), !slices.ContainsFunc(ask.Out, optional))
		}
		h.answers = append(h.answers, b.message(&message{
			Name: ask.Event, Title: "the answer to " + ask.Event, Correlation: byID(), Payload: answer.Schema,
		}, registry.Name, "ask", ask.Event, "reply"))
	}
}

// optional reports whether null, and so no data, is a value.
func optional(s *model.Shape) bool { return s.Null || whatever(s) }

// union is what fits one of several shapes. nil is null.
func (b *builder) union(shapes []*model.Shape, w jsonschema.Way) *jsonschema.Schema {
	var all []*jsonschema.Schema
	for _, s := range shapes {
		if s == nil {
			all = append(all, null())
		} else {
			all = append(all, b.schemas.Of(s, w))
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return &jsonschema.Schema{AnyOf: all}
}
