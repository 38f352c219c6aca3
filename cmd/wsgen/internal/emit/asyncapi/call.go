package asyncapi

import (
	"go/doc"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// call writes the operation of a handler, with the frames of its question and its
// answer.
func (b *builder) call(r *room, c *model.Call, guards []string) {
	asks := b.message(&message{
		Name: c.Event, Title: c.Event, Description: jsonschema.Description(c.Doc),
		Correlation: byID(), Payload: b.question(c), Examples: examples(c),
	}, r.key, c.Event)
	answers := b.message(&message{
		Name: c.Event, Title: "the answer to " + c.Event, Correlation: byID(), Payload: b.answer(c),
	}, r.key, c.Event, "reply")
	o := r.operation(receives, c.Event, c.Doc)
	o.Messages = []reference{r.refer(asks, c.Event)}
	o.Reply = r.reply(r.refer(answers, c.Event, "reply"), r.error())
	for _, guard := range c.Handler.Guards {
		if name := guardName(guard, r.facade.Package, r.facade.Package); !slices.Contains(guards, name) {
			guards = append(slices.Clip(guards), name)
		}
	}
	o.Ours = &operationNotes{
		Method: c.Handler.Method, Mode: mode(c.Handler.Mode), Stream: c.Stream, Access: access(c.Access), Guards: guards,
		Position: b.position(c.Handler.Pos),
	}
	if c.Handler.Timeout > 0 {
		o.Ours.Timeout = c.Handler.Timeout.String()
	}
	if c.Closed {
		o.Ours.Errors = append([]string{}, c.Errors...)
	}
	b.doc.Operations.Add(b.operations.free(r.key, c.Event), o)
}

// operation begins one.
func (r *room) operation(action, event string, comment model.Doc) *operation {
	o := &operation{
		Action: action, Channel: reference{r.ref()}, Title: event, Security: r.security,
		Summary: new(doc.Package).Synopsis(comment.Text), Description: jsonschema.Description(comment),
	}
	if strings.Join(strings.Fields(o.Description), " ") == o.Summary {
		o.Description = ""
	}
	return o
}

func (r *room) reply(messages ...reference) *reply {
	return &reply{Channel: reference{r.ref()}, Messages: messages}
}

func mode(m model.Mode) string { return []string{"inline", "serial", "parallel"}[m] }

// byID says that a frame and its answer have one id.
func byID() *correlation { return &correlation{"$message.payload#/id"} }

// examples are those of the data of a call, in frames.
func examples(c *model.Call) (all []example) {
	if c.In.Form == model.DataNone {
		return nil
	}
	for _, data := range c.Examples {
		all = append(all, example{[]byte(`{"event":` + string(quote(c.Event)) + `,"id":1,"data":` + data + `}`)})
	}
	return all
}

// question is the frame that a client sends. One of a stream has an id.
func (b *builder) question(c *model.Call) *jsonschema.Schema {
	f := frame(c.Event)
	f.add("id", own(ownID), c.Stream)
	if c.In.Form != model.DataNone { // what comes then is not looked at
		data, needed := b.data(c.In)
		f.add("data", data, needed)
	}
	f.add("meta", own(ownMeta), false)
	return f.Schema
}

// data is what comes with a call, and whether it has to. A handler with one named
// value takes it bare as well.
func (b *builder) data(in model.Data) (s *jsonschema.Schema, needed bool) {
	if in.Shape != nil {
		return b.schemas.Of(in.Shape, jsonschema.Taken), in.Form == model.DataWhole
	}
	s = &jsonschema.Schema{Type: jsonschema.Types{"object"}}
	for _, m := range in.Members {
		s.Properties.Add(m.Name, b.schemas.Of(m.Shape, jsonschema.Taken))
		if m.Required {
			s.Required = append(s.Required, m.Name)
		}
	}
	needed = len(s.Required) > 0
	if in.Form == model.DataScalar {
		bare := in.Members[0].Shape
		either := []*jsonschema.Schema{s, b.schemas.Of(bare, jsonschema.Taken)}
		if whatever(bare) {
			return &jsonschema.Schema{AnyOf: either}, needed // the object is a value of it, too
		}
		return &jsonschema.Schema{OneOf: either}, needed
	}
	if !needed {
		s.Type = append(s.Type, "null")
	}
	return s, needed
}

// whatever reports whether a shape holds for anything.
func whatever(s *model.Shape) bool {
	return s.Kind == model.ShapeAny || s.Kind == model.ShapeRef && s.Def.Taken != nil && s.Def.Taken.Kind == model.ShapeAny
}

// answer is the frame that answers: a value, or one of a stream, which ends with a
// frame that has none. Without an id a handler that returns nothing does not answer.
func (b *builder) answer(c *model.Call) *jsonschema.Schema {
	if !c.Stream {
		f := frame(c.Event)
		f.add("id", own(ownID), c.Out == nil)
		f.add("data", b.union([]*model.Shape{c.Out}, jsonschema.Sent), true)
		return f.Schema
	}
	item, end := frame(c.Event), frame(c.Event)
	item.Description, end.Description = "One value.", "The end, which is no value."
	item.add("id", own(ownID), true)
	item.add("data", b.union([]*model.Shape{c.Out}, jsonschema.Sent), true)
	item.add("more", &jsonschema.Schema{Const: []byte("true")}, true)
	end.add("id", own(ownID), true)
	end.add("data", null(), true)
	end.add("more", &jsonschema.Schema{Never: true}, false)
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{item.Schema, end.Schema}}
}
