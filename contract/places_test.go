package contract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// place is where data travel, as testdata/roundtrip.go.txt knows it, and what the
// document, the bundle and the TypeScript file call it.
type place struct {
	Name, Kind    string
	Server        string
	Method, State string
	Client, Event string
	Nth           int
	Names         []string
	Optional      []bool
	Theirs        bool

	key    string // of the message
	def    string // of the data; "" if they are of no declared type alone
	stream bool
	typ    string // in TypeScript
}

// described is a document, as much as leads to places.
type described struct {
	Channels map[string]struct {
		Title    string
		Messages map[string]ref
		Ours     struct{ Go, Registry, Path string } `json:"x-wsgen"`
	}
	Operations map[string]struct {
		Action, Title string
		Channel       ref
		Messages      []ref
		Reply         *struct{ Messages []ref }
		Ours          struct {
			Method string
			Stream bool
		} `json:"x-wsgen"`
	}
	Components struct {
		Schemas map[string]struct {
			Comment        string `json:"$comment"`
			Enum, Examples []json.RawMessage
			Type           any
		}
		Messages map[string]struct {
			Payload struct {
				Properties map[string]json.RawMessage
				OneOf      []struct{ Properties map[string]json.RawMessage }
			}
		}
	}
}

type ref struct {
	Ref string `json:"$ref"`
}

func (r ref) last() string { return r.Ref[strings.LastIndexByte(r.Ref, '/')+1:] }

// listed is what wsgen list prints, as much as leads to places.
type listed struct {
	Gateways []struct {
		Package, Name, State string
		Handlers             []struct {
			Event string
			Data  []struct {
				Name     string
				Optional bool
			}
			Whole  bool
			Reply  string
			Method string
		}
	}
	Pushes, Asks []struct {
		Package, Name, Namespace string
		Events                   []struct{ Event, Data, Answer, Method string }
	}
}

// typeName is a Go type, or the data of one message.
func (d described) typeName(key string) string {
	payload := d.Components.Messages[key].Payload
	data := payload.Properties["data"]
	if len(payload.OneOf) > 0 {
		data = payload.OneOf[0].Properties["data"]
	}
	var r ref
	if json.Unmarshal(data, &r) != nil || r.Ref == "" {
		return ""
	}
	return r.last()
}

// enums are the constants of Go types.
func (d described) enums() map[string][]json.RawMessage {
	all := map[string][]json.RawMessage{}
	for _, s := range d.Components.Schemas {
		if s.Comment != "" && len(s.Enum) > 0 {
			all[s.Comment] = s.Enum
		} else if s.Comment != "" && len(s.Examples) > 0 && (s.Type == "string" || s.Type == "integer") && all[s.Comment] == nil {
			all[s.Comment] = s.Examples // of a type that clients send, of which any value is taken
		}
	}
	return all
}

// placesOf are all places of a document.
func placesOf(t *testing.T, d described, l listed, client string) (all []*place) {
	t.Helper()
	methods, classes := typescript(client)
	heard := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.Channels)) {
		c := d.Channels[name]
		key := func(r ref) string { return c.Messages[r.last()].last() }
		nth := map[string]int{}
		base := func(kind, server, method, event, message string) *place {
			return &place{
				Name: message, Kind: kind, Server: server, Method: method, Client: exported(c.Title), Event: event,
				key: message, def: d.typeName(message),
			}
		}
		class := classes[c.Ours.Path]
		for _, h := range l.handlers(c.Ours.Go) {
			i := slices.IndexFunc(slices.Sorted(maps.Keys(d.Operations)), func(key string) bool {
				o := d.Operations[key]
				return o.Channel.last() == name && o.Action == "receive" && o.Title == h.Event
			})
			if i < 0 {
				t.Fatalf("%s has no operation %s", name, h.Event)
			}
			o := d.Operations[slices.Sorted(maps.Keys(d.Operations))[i]]
			method := fmt.Sprintf("%s[%s]", class, methods[class+" "+h.Event])
			before := nth[plain(h.Event)]
			nth[plain(h.Event)]++
			if len(h.Data) > 0 {
				p := base("call", c.Ours.Go, h.Method, h.Event, key(o.Messages[0]))
				p.Nth, p.State, p.typ, p.stream = before, h.state, "Parameters<"+method+">[0]", o.Ours.Stream
				for _, data := range h.Data {
					p.Optional = append(p.Optional, data.Optional)
					if !h.Whole {
						p.Names = append(p.Names, data.Name)
					}
				}
				all = append(all, p)
			}
			if h.Reply != "" {
				p := base("reply", c.Ours.Go, h.Method, h.Event, key(o.Reply.Messages[0]))
				p.Nth, p.stream, p.typ = before, o.Ours.Stream, "Answer<"+method+">"
				all = append(all, p)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(d.Operations)) {
			o := d.Operations[name]
			if c.Title == "" || o.Action != "send" || d.Channels[o.Channel.last()].Title != c.Title || heard[key(o.Messages[0])] {
				continue
			}
			message := key(o.Messages[0])
			heard[message] = true
			event := fmt.Sprintf("[%q]", o.Title)
			if o.Reply == nil {
				for _, of := range l.outbound(l.Pushes, c.Ours.Registry, o.Title) {
					if of.data != "" {
						p := base("push", of.server, of.method, o.Title, message)
						p.typ = c.Ours.Registry + "Push" + event
						all = append(all, p)
					}
				}
				continue
			}
			for _, of := range l.outbound(l.Asks, c.Ours.Registry, o.Title) {
				if of.data != "" {
					p := base("ask", of.server, of.method, o.Title, message)
					p.typ = "Parameters<" + c.Ours.Registry + "Asks" + event + ">[0]"
					all = append(all, p)
				}
				if of.answer != "" {
					p := base("answer", of.server, of.method, o.Title, key(o.Reply.Messages[0]))
					p.typ = "Awaited<ReturnType<" + c.Ours.Registry + "Asks" + event + ">>"
					all = append(all, p)
				}
			}
		}
	}
	return all
}

type handler struct {
	Event, Reply, Method, state string
	Whole                       bool
	Data                        []struct {
		Name     string
		Optional bool
	}
}

// handlers are those of a gateway.
func (l listed) handlers(server string) (all []handler) {
	for _, g := range l.Gateways {
		if g.Package+"."+g.Name != server {
			continue
		}
		for _, h := range g.Handlers {
			state := g.State
			if state != "" && !strings.Contains(state, ".") {
				state = g.Package[strings.LastIndexByte(g.Package, '/')+1:] + "." + state
			}
			all = append(all, handler{h.Event, h.Reply, h.Method, state, h.Whole, h.Data})
		}
	}
	return all
}

// outbound is a method of an interface.
type outbound struct{ server, method, data, answer string }

// outbound are the methods that push, or ask, an event of a registry.
func (l listed) outbound(interfaces []struct {
	Package, Name, Namespace string
	Events                   []struct{ Event, Data, Answer, Method string }
}, registry, event string,
) (all []outbound) {
	for _, i := range interfaces {
		namespace := i.Namespace[strings.LastIndexByte(i.Namespace, '.')+1:]
		if namespace == "" {
			namespace = "Server"
		}
		for _, e := range i.Events {
			if namespace == registry && e.Event == event {
				all = append(all, outbound{i.Package + "." + i.Name, e.Method, e.Data, e.Answer})
			}
		}
	}
	return all
}

// typescript finds what a generated file calls the methods of events, by class and
// event, and its classes, by path.
func typescript(file string) (methods, classes map[string]string) {
	methods, classes = map[string]string{}, map[string]string{}
	section := regexp.MustCompile(`^// ==== \S+ at (\S+) ====$`)
	class := regexp.MustCompile(`^export class (\w+) extends WsClient<`)
	method := regexp.MustCompile(`^  ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\w$\x{80}-\x{10ffff}]+)\(`)
	call := regexp.MustCompile(`^    return this\.(?:call|stream)\($|this\.(?:call|stream)\(("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`)
	name := regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`)
	var path, in, current string
	broken := false
	for line := range strings.Lines(file) {
		line = strings.TrimSuffix(line, "\n")
		if m := section.FindStringSubmatch(line); m != nil {
			path = m[1]
		}
		if m := class.FindStringSubmatch(line); m != nil {
			in = m[1]
			classes[path] = in
		}
		if m := method.FindStringSubmatch(line); m != nil && in != "" {
			current = m[1]
			if current[0] != '"' && current[0] != '\'' {
				current = `"` + current + `"`
			}
		}
		event := ""
		if m := call.FindStringSubmatch(line); m != nil {
			event, broken = m[1], m[1] == ""
		} else if m := name.FindStringSubmatch(line); m != nil && broken {
			event, broken = m[1], false
		}
		if event != "" && in != "" {
			methods[in+" "+strings.Trim(event, `"'`)] = current
		}
	}
	return methods, classes
}

// plain is what of an event a method of Go has.
func plain(event string) string {
	return strings.ToLower(regexp.MustCompile(`[-_.]`).ReplaceAllString(event, ""))
}

// exported is a name with a capital.
func exported(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
