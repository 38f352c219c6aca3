package wstest

import (
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// RunMain is Main without its end.
var RunMain = run

// TryFuzz is one run of a test by Fuzz.
func TryFuzz(t testing.TB, text string, data Fuzzed, read func(c *ws.Call, decoded func(v any)) error) {
	fuzzed{t, data, read}.try([]byte(text))
}
