package peer

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

func TestMessagesHaveTheLengthAskedFor(t *testing.T) {
	for _, size := range []int{100, 150, 4096, 65536} {
		for marks, line := range []Line{Tick(size), Marked(size)} {
			b, err := Encode("tick", line)
			if err != nil {
				t.Fatal(err)
			}
			if len(b) != size {
				t.Errorf("a message of %d bytes has %d", size, len(b))
			}
			if _, ok := new(frame.Finder).Stamp(b); !ok {
				t.Errorf("no stamp in %.80s", b)
			}
			if n := bytes.Count(b, []byte{frame.Mark}); n != marks {
				t.Errorf("%d marks in %.80s", n, b)
			}
		}
	}
}

func TestTwiceKeepsTheMessage(t *testing.T) {
	const in = `{"event":"echo","data":{"at":1000000000000001,"by":12,"text":"xx"}}`
	out, err := Twice([]byte(in))
	if err != nil || string(out) != in {
		t.Errorf("got %s (%v), want %s", out, err, in)
	}
	report, err := Telemetry()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := Twice(report); err != nil || string(out) != string(report) || len(out) < 1000 {
		t.Errorf("a report is answered %s (%v), want %s", out, err, report)
	}
	for _, bad := range []string{``, `{"event":1}`, `{"event":"echo"}`, `{"event":"echo","data":{"at":"1"}}`, `{"event":"telemetry","data":{"device":1}}`} {
		if out, err := Twice([]byte(bad)); err == nil {
			t.Errorf("%q is answered %s", bad, out)
		}
	}
}

func TestObey(t *testing.T) {
	var out bytes.Buffer
	pushed := 0
	in := strings.NewReader(`{"do":"push","room":"a","count":3,"bytes":150}` + "\n" + `{"do":"nix"}` + "\n" + `{"do":"gc"}` + "\n" + `{"do":"keep","count":1}` + "\n")
	const slow = 2000 // µs
	err := Config{}.obey(in, json.NewEncoder(&out), func(room string, size int) error {
		for begun := clock.Now(); clock.Now()-begun < slow; {
		}
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
	for i, fails := range []bool{false, true, false, true} {
		var d control.Done
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		if (d.Error != "") != fails || d.At == 0 {
			t.Errorf("answer %d: %+v", i, d)
		}
		if i == 0 && (d.P50 < slow-1 || d.P99 < d.P50 || d.Took < 3*slow-1) {
			t.Errorf("three calls that take 2 ms each: %+v", d)
		}
	}
}

// TestKeep: who keeps says where the last message is, and stops at the first that fails.
func TestKeep(t *testing.T) {
	kept := uint64(0)
	c := Config{Keep: func(room string, size int) (string, uint64, error) {
		if room != "a" || size != 150 || kept == 4 {
			return "", 0, errors.New("no")
		}
		kept++
		return "e", kept, nil
	}}
	for _, want := range []control.Done{{Epoch: "e", Offset: 3}, {}} {
		done, err := c.carryOut(control.Order{Do: "keep", Room: "a", Count: 3, Bytes: 150}, nil)
		if done.Epoch != want.Epoch || done.Offset != want.Offset || (err == nil) != (want.Epoch != "") {
			t.Errorf("%+v, %v", done, err)
		}
	}
}
