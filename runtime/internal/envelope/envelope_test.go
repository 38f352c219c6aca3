package envelope_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// reference takes a frame apart with encoding/json, by members.
func reference(text []byte) (event *string, id, data json.RawMessage, ok bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') || !json.Valid(text) {
		return nil, nil, nil, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, nil, false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, nil, nil, false
		}
		switch name {
		case "event":
			event = nil
			var s any
			if json.Unmarshal(value, &s) == nil {
				if s, isString := s.(string); isString {
					event = &s
				}
			}
		case "id":
			id = value
		case "data":
			data = value
		}
	}
	return event, id, data, true
}

// FuzzParse compares with encoding/json: the same verdict, the same values.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `[]`, `{"event":"a"}`, `{"event":"a","id":1,"data":{"x":[1,"]",{}]}}`,
		` { "event" : "a\"b" , "data" : "\\" } `, `{"event":"a","event":5}`, `{"\u0065vent":"\u0061"}`,
		`{"event":"a","id":"x","data":null,"meta":{"a":"}"}}`, `{"event":"a"}x`, `{"event":"a",}`, `{"id":-0}`,
		`{"event":"\ud800","data":1e999}`, `{"event":"a","data":tru,"data":1}`, `{"event":"a","data":[}]}`, `{"event":"a","data":{"x":"\q"}}`, "{\"event\":\"\xff\"}", `{"data":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		frame, err := envelope.Parse(text)
		if err == nil && !frame.Valid() {
			err = envelope.ErrNotObject // what a decoder, or nobody else, finds out
		}
		event, id, data, ok := reference(text)
		if !ok {
			if !errors.Is(err, envelope.ErrNotObject) {
				t.Fatalf("%q: %v, want ErrNotObject", text, err)
			}
			return
		}
		if errors.Is(err, envelope.ErrNotObject) {
			t.Fatalf("%q: refused", text)
		}
		if errors.Is(err, envelope.ErrID) {
			if id == nil {
				t.Fatalf("%q: ErrID without an id", text)
			}
			return
		}
		if !bytes.Equal(frame.ID, id) || !bytes.Equal(frame.Data, data) {
			t.Fatalf("%q: id %q data %q, want %q %q", text, frame.ID, frame.Data, id, data)
		}
		if (event == nil) != errors.Is(err, envelope.ErrEvent) {
			t.Fatalf("%q: event %v, error %v", text, event, err)
		}
		if event != nil && string(bytes.ToValidUTF8(frame.Event, []byte("\ufffd"))) != strings.ToValidUTF8(*event, "\ufffd") && json.Valid(text) && validUTF8(text) {
			t.Fatalf("%q: event %q, want %q", text, frame.Event, *event)
		}
	})
}

func validUTF8(b []byte) bool { return bytes.Equal(bytes.ToValidUTF8(b, nil), b) }

func TestHasData(t *testing.T) {
	for text, want := range map[string]bool{
		`{"event":"a"}`: false, `{"event":"a","data":null}`: false, `{"event":"a","data":0}`: true, `{"event":"a","data":"null"}`: true,
	} {
		if f, err := envelope.Parse([]byte(text)); err != nil || f.HasData() != want {
			t.Errorf("%s: %v %v", text, f.HasData(), err)
		}
	}
}

// FuzzAppend: whatever the event and the id, a frame reads back as it was meant.
func FuzzAppend(f *testing.F) {
	f.Add("message", true)
	f.Add("a\"\\\n\u2028é<\xff", false)
	f.Fuzz(func(t *testing.T, event string, withID bool) {
		var id []byte
		if withID {
			id = []byte("7")
		}
		text := envelope.End(append(envelope.Begin(nil, event, id), `{"a":1}`...))
		frame, err := envelope.Parse(text)
		if err != nil || string(frame.Event) != strings.ToValidUTF8(event, "\ufffd") && validUTF8([]byte(event)) ||
			!bytes.Equal(frame.ID, id) || string(frame.Data) != `{"a":1}` {
			t.Fatalf("%q: %s: %v", event, text, err)
		}
	})
}
