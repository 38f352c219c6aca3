package kinds

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

var (
	rounds = flag.Int("rounds", 800, "how many inputs TestMutated makes of each kind")
	seed   = flag.Uint64("seed", 1, "the seed of TestMutated")
)

// kind is a type with its generated functions.
type kind struct {
	name  string     // of its event
	zero  func() any // a pointer to a new value
	check func(t *testing.T, data []byte) outcome
	write func(v any) ([]byte, bool)
}

// outcome is what became of data.
type outcome struct {
	plain bool // generated code read it
	valid bool // encoding/json took it
}

func of[T any](name string, read func(*wsjson.Reader) T, write func(*wsjson.Writer, T)) kind {
	text := func(v any) ([]byte, bool) {
		var w wsjson.Writer
		write(&w, *v.(*T))
		return w.Bytes(), w.Valid()
	}
	return kind{name, func() any { return new(T) }, func(t *testing.T, data []byte) outcome {
		var r wsjson.Reader
		r.Reset(data)
		got := read(&r)
		var want T
		err := json.Unmarshal(data, &want)
		if r.Plain() && err != nil {
			t.Fatalf("%s: %q was read, and encoding/json refuses it: %v", name, data, err)
		}
		if r.Plain() && !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %q\ngot  %#v\nwant %#v", name, data, got, want)
		}
		if err == nil {
			sameText(t, name, &want, text)
			if r.Plain() {
				sameText(t, name, &got, text) // -0 is equal to 0, and is not written so
			}
		}
		return outcome{r.Plain(), err == nil}
	}, text}
}

// sameText checks that a value is written as encoding/json writes it.
func sameText(t *testing.T, name string, v any, write func(any) ([]byte, bool)) {
	t.Helper()
	want, err := standard(v)
	got, ok := write(v)
	switch {
	case ok && err != nil:
		t.Fatalf("%s: %#v was written, and encoding/json refuses it: %v\n%s", name, v, err, got)
	case ok && !bytes.Equal(got, want):
		t.Fatalf("%s: %#v\ngot  %s\nwant %s", name, v, got, want)
	case !ok && err == nil && utf8.Valid(want):
		t.Fatalf("%s: %s was left to encoding/json", name, want)
	}
}

// standard is what encoding/json writes of what v points to.
func standard(v any) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// TestSamples: generated code reads and writes zero values, values with something in
// every place, and samples, and never leaves one to encoding/json.
func TestSamples(t *testing.T) {
	for _, k := range kinds() {
		for _, data := range texts(t, k) {
			if got := k.check(t, data); !got.plain && got.valid {
				t.Errorf("%s: %s was left to encoding/json", k.name, data)
			}
		}
	}
}

// TestOdd: what is odd is read as encoding/json reads it, or left to it.
func TestOdd(t *testing.T) {
	for _, k := range kinds() {
		for _, data := range odd(k.name) {
			k.check(t, []byte(data))
		}
	}
}

// TestMutated: so are inputs that were changed at random.
func TestMutated(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			m := payload.Mutator{Random: rand.New(rand.NewPCG(*seed, 18))}
			all, strange := texts(t, k), odd(k.name)
			plain, valid := 0, 0
			for range *rounds {
				data := all[m.Random.IntN(len(all))]
				if m.Random.IntN(4) == 0 {
					data = []byte(strange[m.Random.IntN(len(strange))])
				}
				got := k.check(t, m.Mutate(data))
				if got.valid {
					valid++
					if got.plain {
						plain++
					}
				}
			}
			t.Logf("of %d inputs encoding/json takes %d, and generated code %d of these", *rounds, valid, plain)
			if plain == 0 {
				t.Error("generated code took none")
			}
		})
	}
}

// texts are the samples of a kind, and what encoding/json writes of an empty and of
// a full value.
func texts(t *testing.T, k kind) [][]byte {
	t.Helper()
	full := k.zero()
	(&filler{}).fill(reflect.ValueOf(full).Elem(), 0)
	var all [][]byte
	for _, v := range []any{k.zero(), full} {
		text, err := standard(v)
		if err != nil {
			t.Fatal(k.name, err)
		}
		sameText(t, k.name, v, k.write)
		if string(text) != "null" { // package ws never asks for it
			all = append(all, text)
		}
	}
	for _, sample := range Samples()[k.name] {
		all = append(all, []byte(sample))
	}
	return all
}

// TestCircle: a value that leads back to itself is left to encoding/json, which
// says so, and so is one that is deep.
func TestCircle(t *testing.T) {
	circle := Tree{Name: "a"}
	circle.Next = &circle
	var w wsjson.Writer
	if wsWriteTree(&w, circle); w.Valid() {
		t.Errorf("%.100s was written", w.Bytes())
	}
	deep := Tree{Name: "leaf"}
	for range 3000 {
		deep = Tree{Name: "x", Kids: []Tree{deep}}
	}
	text, err := standard(&deep)
	if err != nil {
		t.Fatal(err)
	}
	w = wsjson.Writer{}
	if wsWriteTree(&w, deep); w.Valid() {
		t.Error("a value of a depth without end was written")
	}
	var r wsjson.Reader
	r.Reset(text)
	if wsReadTree(&r); r.Plain() {
		t.Error("data of a depth without end is read")
	}
}
