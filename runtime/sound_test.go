package ws

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// TestIsJSON: what is JSON to a guarded call is JSON to encoding/json, and the other way
// round, also if some bytes of it are others than they should be.
func TestIsJSON(t *testing.T) {
	texts := []string{
		`{}`, `{"text":"hello"}`, ` {"a":1}`, `{"a":1} `, `{ "a" : [1, 2, {"b":null}] , "c" : "\u00e9\n" }`, `{"a":1,}`, `{"a"}`, `{a:1}`,
		`{"\u0061":1}`, `{"ä":"ö","a":-1.5e3,"b":true,"c":false,"d":[],"e":{}}`, `{"a":01}`, `{"a":"` + "\n" + `"}`, `{"a":1}{`, `{"a":1}}`,
		`[1,2]`, `"bare"`, `12`, `null`, `true`, `nul`, ``, `{"a":"\x"}`, `{"a":"\ud800"}`, `{"a":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`,
		`{"text":"` + strings.Repeat("a long text, ", 700) + `","more":{"a":["b",1,null]}}`,
	}
	random := rand.New(rand.NewPCG(1, 2))
	const odd = `{}[]",:\0e+-.u` + "\x00\x1f\x80\xff"
	good, bad := 0, 0
	for _, text := range texts {
		for i := range 2000 {
			data := []byte(text)
			for range min(i, 1+random.IntN(2)) * min(1, len(data)) {
				data[random.IntN(len(data))] = odd[random.IntN(len(odd))]
			}
			c := &Call{frame: envelope.Frame{Data: data}}
			is := c.isJSON()
			if want := json.Valid(data); is != want {
				t.Fatalf("%q is JSON: %t, want %t", data, is, want)
			}
			if is {
				good++
			} else {
				bad++
			}
		}
	}
	if good < 1000 || bad < 1000 {
		t.Errorf("%d texts are JSON, %d are not: that shows little", good, bad)
	}
	if c := new(Call); !c.isJSON() {
		t.Error("no data is right")
	}
}

// BenchmarkIsJSON is what a guarded message with named parameters takes before its
// guard, for data of 90 bytes and of 8 KB.
func BenchmarkIsJSON(b *testing.B) {
	for name, data := range map[string]string{
		"short": `{"author":"ann","text":"hello there, how are you today","room":"lobby-1"}`,
		"long":  `{"author":"ann","text":"` + strings.Repeat("hello there, how are you today? ", 250) + `","room":"lobby-1"}`,
	} {
		c := &Call{frame: envelope.Frame{Data: []byte(data)}}
		for by, is := range map[string]func() bool{"wsgen": c.isJSON, "std": c.frame.Valid} {
			b.Run(name+"/"+by, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if !is() {
						b.Fatal("it is no JSON")
					}
				}
			})
		}
	}
}
