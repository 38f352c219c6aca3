package ws

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPlainClaims: what is read without encoding/json is read as by it, and as clients
// write claims they are read so.
func TestPlainClaims(t *testing.T) {
	const one = `{"abcdefghijk":"k3Jx.1042"}`
	for _, text := range []string{one, `{"abcdefghijk":"k3Jx.1042","ABCDEFGHIJK":"x.0"}`, `{"a":""}`} {
		if at, ok := plainClaims(text); !ok || len(at) != strings.Count(text, ":") {
			t.Errorf("%s is read as %q, %t", text, at, ok)
		}
	}
	same := func(text string) {
		t.Helper()
		at, ok := plainClaims(text)
		if !ok {
			return
		}
		var want map[string]string
		if err := json.Unmarshal([]byte(text), &want); err != nil || !maps.Equal(at, want) {
			t.Errorf("%q is read as %q, and by encoding/json as %q, %v", text, at, want, err)
		}
	}
	odd := []string{
		``, `{}`, `{`, `}`, `null`, `[]`, `{"a"}`, `{"a":}`, `{"a":1}`, `{"a":"b"`, `{"a":"b"}}`, `{"a":"b"} `, `{"a":"b",}`, `{,"a":"b"}`, ` {"a":"b"}`, `{"a" :"b"}`,
		`{"a":"b","a":"c"}`, `{"a\"":"b"}`, `{"a":"\u0041"}`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", `{"a":"ä"}`, "{\"a\":\"\x7f\"}", `{"":""}`, `{"a":"b":"c"}`, `{"a","b"}`,
	}
	for _, text := range odd {
		same(text)
		if at, ok := plainClaims(text); ok && strings.Contains(text, `\`) {
			t.Errorf("%s is read as %q", text, at)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 { // what is nearly right
		text := []byte(`{"abc":"k.1","de":"k.2"}`)
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(text))
			switch c := `{}",:\x` + "\x00\xff "; rng.IntN(3) {
			case 0:
				text[at] = c[rng.IntN(len(c))]
			case 1:
				text = append(text[:at], text[at+1:]...)
			default:
				text = append(text[:at], append([]byte{c[rng.IntN(len(c))]}, text[at:]...)...)
			}
		}
		same(string(text))
	}

	text := []byte(one)
	if n := testing.AllocsPerRun(100, func() {
		if at, ok := readClaims(text); !ok || len(at) != 1 {
			t.Error(at, ok)
		}
	}); n > 4 {
		t.Errorf("one claim takes %v allocations", n)
	}
}

// BenchmarkClaims reads what a client says of one history, and of sixteen.
func BenchmarkClaims(b *testing.B) {
	for _, n := range []int{1, 16} {
		at := map[string]string{}
		for i := range n {
			at[fmt.Sprintf("%011d", i)] = "k3JxAAAA.1042"
		}
		text, err := json.Marshal(at)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := readClaims(text); !ok {
					b.Fatal("not read")
				}
			}
		})
	}
}
