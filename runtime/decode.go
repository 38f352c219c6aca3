package ws

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/pointer"
	"github.com/wsgen/wsgen/runtime/internal/stdjson"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// decode decodes JSON and turns a failure into a refusal that names the
// place. v is of no use after a failure.
func decode(data []byte, v any) error {
	err := stdjson.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	if mine, _ := steady.As[*Error](err); mine != nil {
		return err // from an UnmarshalJSON of the user's
	}
	if _, broken := steady.As[*json.SyntaxError](err); broken && !json.Valid(data) { // else it is of an UnmarshalJSON
		return NewError(CodeBadFrame, string(envelope.ErrNotObject))
	}
	place, value := pointer.Find(data, failsAs(err, v))
	kind := pointer.Kind(value)
	if mistyped, ok := steady.As[*json.UnmarshalTypeError](err); ok {
		kind, _, _ = strings.Cut(mistyped.Value, " ") // of "number 300": the value must not travel
	}
	return NewError(CodeInvalidPayload, "data does not decode").
		WithDetails(Detail{Path: place, Rule: "type", Message: kind + " does not fit"}).
		WithCause(&misfit{without(steady.Text(err), value), err})
}

// misfit is an error of decoding as the log has it: without the value, which
// encoding/json and the types of the standard library quote.
type misfit struct {
	text string
	err  error
}

func (m *misfit) Error() string { return m.text }

func (m *misfit) Unwrap() error { return m.err }

// without returns text with the JSON value left out, as it is written and as Go
// would quote it.
func without(text string, value []byte) string {
	if len(value) == 0 || value[0] == '{' || value[0] == '[' {
		return text
	}
	forms := []string{strings.Trim(string(value), `"`)}
	var s string
	if json.Unmarshal(value, &s) == nil {
		forms = append(forms, s, strings.Trim(strconv.Quote(s), `"`))
	}
	for _, form := range forms {
		if len(form) > 2 { // less tells nothing, and is in many words
			text = strings.ReplaceAll(text, form, "…")
		}
	}
	return text
}

// failsAs returns a function that reports whether a text decodes into v with
// such an error. encoding/json itself has no place, or half of one, for most. v
// keeps what it had: an UnmarshalJSON that adds to it may fail for a whole value
// that fails for a part of it, and then the place is the whole.
func failsAs(err error, v any) func(text []byte) bool {
	want := steady.Text(err)
	return func(text []byte) (same bool) {
		returned := false // an UnmarshalJSON may panic for want of what is missing here
		defer steady.Ended(&returned, "UnmarshalJSON", "", func(*steady.Failure) { same = false })
		err := json.Unmarshal(text, v)
		same = err != nil && steady.Text(err) == want
		returned = true
		return same
	}
}

// asSent returns the refusal of a decoder with paths that lead into data as
// the client sent it. Bare data lacks the parameter's name, which the
// decoder's paths begin with.
func asSent(err error, bare bool) error {
	refusal, ok := err.(*Error) //nolint:errorlint // the decoder's own, which nothing wraps
	if !bare || !ok || refusal == nil {
		return err
	}
	sent := *refusal
	sent.Details = slices.Clone(refusal.Details)
	for i := range sent.Details {
		path := &sent.Details[i].Path
		_, rest, deeper := strings.Cut(strings.TrimPrefix(*path, "/"), "/")
		if *path = ""; deeper {
			*path = "/" + rest
		}
	}
	return &sent
}
