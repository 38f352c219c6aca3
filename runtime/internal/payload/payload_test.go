package payload_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/payload"
)

// TestSamples checks that samples are about as long as their types say, and that
// encoding/json reads what it has written of them.
func TestSamples(t *testing.T) {
	sample(t, payload.NewTelemetry, 1_000, 1_200)
	sample(t, payload.NewOrder, 1_300, 1_500)
	sample(t, payload.NewPage, 21_000, 24_000)
}

func sample[T any](t *testing.T, make func() T, least, most int) {
	t.Helper()
	text, err := json.Marshal(make())
	if err != nil || len(text) < least || len(text) > most {
		t.Errorf("%T: %d bytes, %v; want %d to %d", make(), len(text), err, least, most)
	}
	var v T
	if err := json.Unmarshal(text, &v); err != nil || !reflect.DeepEqual(v, make()) {
		t.Errorf("%v: read %+v\nwant %+v", err, v, make())
	}
}

// TestMutator checks that inputs repeat with their seed, that many are JSON still,
// and that there are those on which readers disagree.
func TestMutator(t *testing.T) {
	text, err := json.Marshal(payload.NewOrder())
	if err != nil {
		t.Fatal(err)
	}
	const inputs = 4_000
	one := payload.Mutator{Random: rand.New(rand.NewPCG(1, 2))}
	two := payload.Mutator{Random: rand.New(rand.NewPCG(1, 2))}
	valid := 0
	found := map[string]int{`"ID"`: 0, `\ud800`: 0, "\u017f": 0, `null,`: 0, "\xff": 0, `"unknown"`: 0, ` ,`: 0}
	for range inputs {
		data := one.Mutate(text)
		if !bytes.Equal(data, two.Mutate(text)) {
			t.Fatal("the same seed makes other inputs")
		}
		if json.Valid(data) {
			valid++
		}
		for what := range found {
			if bytes.Contains(data, []byte(what)) {
				found[what]++
			}
		}
	}
	if valid < inputs/4 || valid > inputs*9/10 {
		t.Errorf("of %d inputs %d are JSON", inputs, valid)
	}
	for what, n := range found {
		if n == 0 {
			t.Errorf("%q is in no input", what)
		}
	}
	if got := (&payload.Mutator{Random: rand.New(rand.NewPCG(1, 2))}).Mutate(nil); len(got) != 0 {
		t.Errorf("of nothing: %q", got)
	}
}
