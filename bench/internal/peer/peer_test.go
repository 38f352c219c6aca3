package peer

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

func TestMessagesHaveTheLengthAskedFor(t *testing.T) {
	for _, size := range []int{100, 150, 4096, 65536} {
		b, err := Encode("tick", Tick(size))
		if err != nil {
			t.Fatal(err)
		}
		if len(b) != size {
			t.Errorf("a message of %d bytes has %d", size, len(b))
		}
		if _, ok := frame.Stamp(b); !ok {
			t.Errorf("no stamp in %.80s", b)
		}
	}
}

func TestTwiceKeepsTheMessage(t *testing.T) {
	const in = `{"event":"echo","data":{"at":1000000000000001,"by":12,"text":"xx"}}`
	out, err := Twice([]byte(in))
	if err != nil || string(out) != in {
		t.Errorf("got %s (%v), want %s", out, err, in)
	}
	for _, bad := range []string{``, `{"event":1}`, `{"event":"echo"}`, `{"event":"echo","data":{"at":"1"}}`} {
		if out, err := Twice([]byte(bad)); err == nil {
			t.Errorf("%q is answered %s", bad, out)
		}
	}
}

func TestObey(t *testing.T) {
	var out bytes.Buffer
	pushed := 0
	in := strings.NewReader(`{"do":"push","room":"a","count":3,"bytes":150}` + "\n" + `{"do":"nix"}` + "\n" + `{"do":"gc"}` + "\n")
	err := obey(in, json.NewEncoder(&out), func(room string, size int) error {
		if room != "a" || size != 150 {
			t.Errorf("push to %q of %d bytes", room, size)
		}
		pushed++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pushed != 3 {
		t.Errorf("%d pushes, want 3", pushed)
	}
	dec := json.NewDecoder(&out)
	for i, fails := range []bool{false, true, false} {
		var d control.Done
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		if (d.Error != "") != fails || d.At == 0 {
			t.Errorf("answer %d: %+v", i, d)
		}
	}
}

// BenchmarkTwice is what the row dispatch compares wsgen with: a message of
// 101 bytes to its answer, by encoding/json for the envelope and for the data.
func BenchmarkTwice(b *testing.B) {
	type data struct {
		Author string `json:"author"`
		Text   string `json:"text"`
		Room   string `json:"room"`
	}
	message := []byte(`{"event":"message","data":{"author":"ann","text":"hello there, how are you today","room":"lobby-1"}}`)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		var in Envelope
		if err := json.Unmarshal(message, &in); err != nil {
			b.Fatal(err)
		}
		var d data
		if err := json.Unmarshal(in.Data, &d); err != nil {
			b.Fatal(err)
		}
		answer, err := json.Marshal(&d)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(Envelope{in.Event, answer}); err != nil {
			b.Fatal(err)
		}
	}
}
