package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is an AsyncAPI document that wsgen has written. It is not safe for
// concurrent use.
type Document struct {
	open, sealed *jsonschema.Compiler // the sealed one refuses members that have no name
	compiled     map[string]*jsonschema.Schema
	channels     []*Channel
	payloads     map[string]bool // messages by their keys
}

// Channel is a gateway in a Document.
type Channel struct {
	doc         *Document
	Name        string
	path        *regexp.Regexp
	sent, taken []string // keys of messages
}

// documented is as much of a document as says which message goes which way.
type documented struct {
	Channels map[string]struct {
		Messages map[string]reference
		Ours     struct{ Path string } `json:"x-wsgen"`
	}
	Operations map[string]struct {
		Action   string
		Channel  reference
		Messages []reference
		Reply    *struct{ Messages []reference }
	}
	Components struct{ Messages map[string]json.RawMessage }
}

type reference struct {
	Ref string `json:"$ref"`
}

// last is the last step of a reference.
func (r reference) last() string { return r.Ref[strings.LastIndexByte(r.Ref, '/')+1:] }

// ParseDocument reads a document.
func ParseDocument(text string) (*Document, error) {
	var parsed documented
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return nil, err
	}
	d := &Document{compiled: map[string]*jsonschema.Schema{}, payloads: map[string]bool{}}
	for key := range parsed.Components.Messages {
		d.payloads[key] = true
	}
	var err error
	if d.open, err = compiler(text, jsonschema.Draft7, func(any) {}); err != nil {
		return nil, err
	}
	if d.sealed, err = compiler(text, jsonschema.Draft7, seal); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(parsed.Channels)) {
		c := parsed.Channels[name]
		channel := &Channel{doc: d, Name: name, path: pathOf(c.Ours.Path)}
		for _, key := range slices.Sorted(maps.Keys(parsed.Operations)) {
			o := parsed.Operations[key]
			if o.Channel.last() != name {
				continue
			}
			asked, answers := &channel.taken, &channel.sent
			if o.Action == "send" {
				asked, answers = answers, asked
			}
			for _, m := range o.Messages {
				*asked = append(*asked, c.Messages[m.last()].last())
			}
			if o.Reply != nil {
				for _, m := range o.Reply.Messages {
					*answers = append(*answers, c.Messages[m.last()].last())
				}
			}
		}
		if !slices.Contains(channel.sent, "error") { // what is no frame is refused everywhere
			channel.sent = append(channel.sent, "error")
		}
		d.channels = append(d.channels, channel)
	}
	return d, nil
}

// pathOf is what fits a pattern of a ServeMux.
func pathOf(pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(strings.TrimSuffix(pattern, "{$}"))
	text = regexp.MustCompile(`\\\{\w+\\\.\\\.\\\.\\\}`).ReplaceAllString(text, ".*")
	text = regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(text, "[^/]+")
	return regexp.MustCompile("^" + text + "$")
}

// Channel is the gateway that serves a path; nil if none does.
func (d *Document) Channel(path string) *Channel {
	for _, c := range d.channels {
		if c.path.MatchString(path) {
			return c
		}
	}
	return nil
}

// Sent says why a text is no frame that the server sends there, with all of its
// members and no other; nil if it is one.
func (c *Channel) Sent(text []byte) error { return c.doc.fits(c.doc.sealed, "sealed ", c.sent, text) }

// Taken says why a text is no frame that clients may send there; nil if it is one.
func (c *Channel) Taken(text []byte) error { return c.doc.fits(c.doc.open, "open ", c.taken, text) }

// Message says why a text is no frame of a message, by its key; nil if it is one. A
// sealed one has no members but those that have a name.
func (d *Document) Message(key string, text []byte, sealed bool) error {
	switch {
	case !d.payloads[key]:
		return fmt.Errorf("there is no message %s", key)
	case sealed:
		return d.fits(d.sealed, "sealed ", []string{key}, text)
	}
	return d.fits(d.open, "open ", []string{key}, text)
}

// fits says why a text is a frame of none of these messages.
func (d *Document) fits(c *jsonschema.Compiler, way string, messages []string, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	var head struct{ Event string }
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	var faults []error
	for _, key := range messages {
		s := d.compiled[way+key]
		if s == nil {
			if s, err = c.Compile(address + "#/components/messages/" + key + "/payload"); err != nil {
				return err
			}
			d.compiled[way+key] = s
		}
		err := s.Validate(value)
		if err == nil {
			return nil
		}
		if strings.Contains("."+key+".", "."+head.Event+".") || len(messages) == 1 {
			faults = append(faults, fmt.Errorf("%s: %w", key, err))
		}
	}
	if len(faults) == 0 {
		return fmt.Errorf("no message has the event %s", head.Event)
	}
	return errors.Join(faults...)
}
