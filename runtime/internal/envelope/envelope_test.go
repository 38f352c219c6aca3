package envelope_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// members has the members of a frame; nil is absent.
type members struct{ event, id, data, meta json.RawMessage }

// reference takes a frame apart with encoding/json, by members.
func reference(text []byte) (m members, ok bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') || !json.Valid(text) {
		return m, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return m, false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return m, false
		}
		switch name {
		case "event":
			m.event = value
		case "id":
			m.id = value
		case "data":
			m.data = value
		case "meta":
			m.meta = value
		}
	}
	return m, true
}

// verdict returns what Parse has to say of the members.
func (m members) verdict() (event string, err error) {
	if text, isString := decoded(m.id); isString && (text == "" || len(text) > envelope.MaxID || text[0] == '$') {
		return "", envelope.ErrID
	} else if m.id != nil && !isString && !integer.Match(m.id) {
		return "", envelope.ErrID
	}
	event, isString := decoded(m.event)
	if !isString {
		return "", envelope.ErrEvent
	}
	return event, nil
}

// decoded returns a JSON string's text.
func decoded(raw json.RawMessage) (text string, isString bool) {
	var v any
	if json.Unmarshal(raw, &v) == nil {
		text, isString = v.(string)
	}
	return text, isString
}

var integer = regexp.MustCompile(`^-?[0-9]{1,64}$`)

// FuzzParse compares with encoding/json: the same verdict, the same values.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `[]`, `{"event":"a"}`, `{"event":"a","id":1,"data":{"x":[1,"]",{}]}}`,
		` { "event" : "a\"b" , "data" : "\\" } `, `{"event":"a","event":5}`, `{"\u0065vent":"\u0061"}`,
		`{"event":"a","id":"x","data":null,"meta":{"a":"}"}}`, `{"event":"a"}x`, `{"event":"a",}`, `{"id":-0}`,
		`{"event":"a","id":""}`, `{"event":"a","id":"$1"}`, `{"event":"a","id":"\u0024"}`, `{"event":"a","id":1e2}`, `{"event":5,"id":null}`,
		`{"event":"a","meta":1,"meta":{}}`, `{"event":"a","id":"` + strings.Repeat(`\u00e4`, 33) + `"}`, `{"event":"a","id":` + strings.Repeat("1", 65) + `}`,
		`{"event":"\ud800","data":1e999}`, `{"event":"a","data":tru,"data":1}`, `{"event":"a","data":[}]}`, `{"event":"a","data":{"x":"\q"}}`, "{\"event\":\"\xff\"}", `{"data":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var frame envelope.Frame
		err := frame.Parse(text)
		if err == nil && !frame.Valid() {
			err = envelope.ErrNotObject // a decoder would find that, if one looks
		}
		m, ok := reference(text)
		if ok == errors.Is(err, envelope.ErrNotObject) {
			t.Fatalf("%q: %v, encoding/json finds an object: %v", text, err, ok)
		}
		if !ok || !validUTF8(text) { // a text message is valid UTF-8
			return
		}
		event, want := m.verdict()
		if !errors.Is(err, want) || string(frame.Event) != event {
			t.Fatalf("%q: event %q, %v; want %q, %v", text, frame.Event, err, event, want)
		}
		if want != envelope.ErrID && !(bytes.Equal(frame.ID, m.id) && bytes.Equal(frame.Data, m.data) && bytes.Equal(frame.Meta, m.meta)) {
			t.Fatalf("%q: id %q data %q meta %q, want %q %q %q", text, frame.ID, frame.Data, frame.Meta, m.id, m.data, m.meta)
		}
	})
}

func validUTF8(b []byte) bool { return bytes.Equal(bytes.ToValidUTF8(b, nil), b) }

// TestNested: data ends where it ends, wherever its words begin.
func TestNested(t *testing.T) {
	for pad := range 17 {
		for _, data := range []string{
			`{"x":"}\"]\\","y":[{"z":"["},[],"\\\""],"":{}}`, `["\"","\\","\\\\\"}]",{"[":[[]]}]`, `{}`, `[]`, `{"#":"#\u005d"}`, `[0.5,"[y_]","\\"]`,
		} {
			data = data[:1] + strings.Repeat(" ", pad) + data[1:]
			text := `{"event":"a","data":` + data + `,"id":7}`
			var f envelope.Frame
			if err := f.Parse([]byte(text)); err != nil || string(f.Data) != data || string(f.ID) != "7" || f.Checked {
				t.Errorf("%s: data %s, id %s, %v", text, f.Data, f.ID, err)
			}
			for cut := range len(data) {
				var f envelope.Frame
				if err := f.Parse([]byte(text[:len(text)-len(`,"id":7}`)-cut-1])); !errors.Is(err, envelope.ErrNotObject) {
					t.Errorf("%s, without its last %d bytes: %v", data, cut+1, err)
				}
			}
		}
	}
}

func TestHasData(t *testing.T) {
	for text, want := range map[string]bool{
		`{"event":"a"}`: false, `{"event":"a","data":null}`: false, `{"event":"a","data":0}`: true, `{"event":"a","data":"null"}`: true,
	} {
		var f envelope.Frame
		if err := f.Parse([]byte(text)); err != nil || f.HasData() != want {
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
		text := envelope.End(append(envelope.BeginData(envelope.BeginEvent(nil, event), id), `{"a":1}`...))
		var frame envelope.Frame
		err := frame.Parse(text)
		if err != nil || string(frame.Event) != strings.ToValidUTF8(event, "\ufffd") && validUTF8([]byte(event)) ||
			!bytes.Equal(frame.ID, id) || string(frame.Data) != `{"a":1}` {
			t.Fatalf("%q: %s: %v", event, text, err)
		}
	})
}

// FuzzParseAnswer compares with encoding/json: an answer is a frame whose id is the
// server's own, and nothing else is one.
func FuzzParseAnswer(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `{"event":"a","id":"$1","data":true}`, `{"id":"\u00241","event":"a"}`, `{"event":"a","id":"$"}`, `{"event":"a","id":"1"}`,
		`{"event":"a","id":1}`, `{"event":"a"}`, `{"event":5,"id":"$1"}`, `{"event":"a","id":"$1","id":2}`, `{"event":"a","id":"$1","data":02}`,
		`{"event":"a","id":"$` + strings.Repeat("9", 63) + `"}`, `{"event":"a","id":"$` + strings.Repeat("9", 64) + `"}`, `{"event":"\ud800","id":"$\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		frame, id, ok := envelope.ParseAnswer(text)
		m, isObject := reference(text)
		if !isObject && ok {
			t.Fatalf("%q is an answer, and no object", text)
		}
		if !isObject || !validUTF8(text) {
			return
		}
		want, hasID := decoded(m.id)
		event, hasEvent := decoded(m.event)
		if is := hasID && hasEvent && len(want) > 1 && len(want) <= envelope.MaxID && want[0] == '$'; ok != is {
			t.Fatalf("%q: %v, want %v", text, ok, is)
		}
		if ok && (string(id) != want || string(frame.Event) != event || !bytes.Equal(frame.Data, m.data) || frame.ID != nil) {
			t.Fatalf("%q: id %q event %q data %q, want %q %q %q", text, id, frame.Event, frame.Data, want, event, m.data)
		}
	})
}
