package wstest

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/kit"
)

// FuzzV1 is named by every ws_gen_test.go that wsgen generates now, so that a file
// and a kit that do not fit together fail to compile at a line that says so.
const FuzzV1 = true

// Fuzzed describes the data of a handler to Fuzz, for generated code.
type Fuzzed struct {
	// Params are the handler's parameters, if data is an object by their names.
	Params []string
	Back   Back
	// Seeds are data that the types of the handler's parameters take. Fuzz adds
	// what is odd for any: nothing, null, {}, [] and the like.
	Seeds []string
}

// Back says what must come back of a value that was decoded, encoded, and decoded
// again.
type Back uint8

// The degrees. Whatever the degree, nothing may panic.
const (
	// BackAny is for a type of which a part has a method for one way only: what it
	// is decoded from and what it is encoded as are two forms.
	BackAny Back = iota
	// BackCoded is for a type of which a part has methods of its own for both ways.
	// What decodes again must be the same; but it may be refused, since the two
	// forms need not be one.
	BackCoded
	// BackSame is for a type without such methods: it must decode again, to the same.
	BackSame
)

// Fuzz feeds data to the decoder of a handler; the function is one of a file that
// wsgen generates (docs/guide/testing.md, "Fuzz tests"). read is what is generated
// for the handler, up to its call: it decodes, hands what it has decoded to
// decoded, and has it validated. The handler is not called.
//
// The test fails if read panics, if the value that it decodes panics as it is
// encoded, or if what is encoded is not read as data.Back says. A refusal is no
// failure.
func Fuzz(f *testing.F, data Fuzzed, read func(c *ws.Call, decoded func(v any)) error) {
	f.Helper()
	for _, seeds := range [][]string{data.Seeds, {"", "null", "{}", "[]", `""`, "0", "true"}} {
		for _, seed := range seeds {
			f.Add([]byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return // no WebSocket message (RFC 6455, section 8.1)
		}
		fuzzed{t, data, read}.try(text)
	})
}

// fuzzed is one run of a fuzz test.
type fuzzed struct {
	t    testing.TB
	data Fuzzed
	read func(c *ws.Call, decoded func(v any)) error
}

// try reads text, as it came and as guards see it, and what comes of it.
func (f fuzzed) try(text []byte) {
	f.t.Helper()
	first, ok := f.decode(text, false)
	if len(f.data.Params) > 0 {
		f.decode(text, true)
	}
	if !ok || first == nil {
		return
	}
	second, ok := f.decode(first, false)
	switch {
	case f.data.Back == BackAny:
	case !ok && f.data.Back == BackSame:
		f.t.Errorf("data  %s\nis encoded as\n      %s\nwhich does not decode", text, first)
	case ok && string(first) != string(second):
		f.t.Errorf("data  %s\nis encoded as\n      %s\nwhich decodes to\n      %s", text, first, second)
	}
}

// decode reads text and returns what the value is encoded as: nil if it has no
// JSON. Not ok is a text that does not decode.
func (f fuzzed) decode(text []byte, named bool) (again []byte, ok bool) {
	f.t.Helper()
	err := ws.DecodeData(&kit.Data{JSON: text, Params: f.data.Params, Named: named}, func(c *ws.Call) error {
		return f.read(c, func(v any) {
			ok = true
			if b, err := json.Marshal(v); err == nil {
				again = b
			}
		})
	})
	if !ok && err == nil {
		f.t.Errorf("the decoder has neither read nor refused it: run wsgen again")
	}
	return again, ok
}
