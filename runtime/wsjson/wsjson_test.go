package wsjson_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

type point struct {
	X int8   `json:"x"`
	N string `json:"n"`
}

func readPoint(r *wsjson.Reader) (v point) {
	for r.Next() {
		switch string(r.Name()) {
		case "x":
			wsjson.ReadInt(r, &v.X)
		case "n":
			wsjson.ReadString(r, &v.N)
		default:
			r.Odd()
		}
	}
	return v
}

func writePoint(w *wsjson.Writer, v point) {
	w.Begin()
	w.Name("x")
	wsjson.WriteInt(w, v.X)
	w.Name("n")
	wsjson.WriteString(w, v.N)
	w.End()
}

// TestReader checks that data written plainly is read, and that the rest is left
// to encoding/json: a wrong value would be worse.
func TestReader(t *testing.T) {
	var r wsjson.Reader
	for data, want := range map[string]struct {
		point
		plain bool
	}{
		`{}`:                       {plain: true},
		` { "x" : -7 , "n" : "" }`: {point{X: -7}, true},
		`{"x":1,"x":2,"n":"äö"}`:   {point{2, "äö"}, true},
		`{"x":128}`:                {},
		`{"X":1}`:                  {},
		`{"n":"\u0061\n"}`:         {point{N: "a\n"}, true},
		`{"n":"\ud800"}`:           {},
		`{"n":null}`:               {}, // Next takes none
		`{"\u006e":"a"}`:           {},
		`{"x":1}}`:                 {},
		`{"x":1`:                   {},
		`null`:                     {},
		``:                         {},
	} {
		r.Reset([]byte(data)) // whatever was read before
		got := readPoint(&r)
		if r.Plain() != want.plain || want.plain && got != want.point {
			t.Errorf("%s: %+v, plain %v; want %+v", data, got, r.Plain(), want)
		}
	}
}

// TestReaderBare checks that a lone value is read on its own, if it is all there
// is.
func TestReaderBare(t *testing.T) {
	for data, plain := range map[string]bool{`5`: true, `5 `: false, `5,6`: false, `[5]`: false, `05`: false, `"5"`: false} {
		var r wsjson.Reader
		r.Reset([]byte(data))
		if !r.Bare() {
			t.Errorf("%s is no object", data)
		}
		var n uint16
		wsjson.ReadUint(&r, &n)
		if r.Plain() != plain || plain && n != 5 {
			t.Errorf("%s: %d, plain %v", data, n, r.Plain())
		}
	}
	var r wsjson.Reader
	r.Reset([]byte(`{"x":1}`))
	if r.Bare() {
		t.Error("an object is no lone value")
	}
}

// TestReaderRequire checks that data is odd if a condition on it does not hold,
// or if it is read after Release.
func TestReaderRequire(t *testing.T) {
	var r wsjson.Reader
	for _, ok := range []bool{true, false} {
		r.Reset([]byte(`{"x":1}`))
		readPoint(&r)
		r.Require(ok)
		if r.Plain() != ok {
			t.Errorf("required %v: plain %v", ok, r.Plain())
		}
	}
	r.Reset([]byte(`{"x":1}`))
	readPoint(&r)
	r.Release()
	if r.Plain() || r.Next() {
		t.Error("a Reader that was released has data")
	}
}

// TestWriter checks that a Writer can be used again, also after a value that has
// no JSON, and that it appends to the bytes that it is given.
func TestWriter(t *testing.T) {
	var w wsjson.Writer
	wsjson.WriteFloat64(&w, math.NaN())
	if w.Valid() {
		t.Error("NaN has JSON")
	}
	for range 2 {
		w.Reset(append(w.AvailableBuffer(), "front:"...))
		writePoint(&w, point{-1, "<\"\n>"})
		if got := string(w.Bytes()); !w.Valid() || got != `front:{"x":-1,"n":"<\"\n>"}` {
			t.Errorf("%v %s", w.Valid(), got)
		}
	}
	for want, slice := range map[string][]point{`null`: nil, `[]`: {}, `[{"x":1,"n":""},{"x":2,"n":""}]`: {{X: 1}, {X: 2}}} {
		w.Reset(w.AvailableBuffer())
		wsjson.WriteSlice(&w, slice, writePoint)
		std, err := json.Marshal(slice)
		if got := string(w.Bytes()); err != nil || got != want || got != string(std) {
			t.Errorf("%s, want %s, encoding/json %s %v", got, want, std, err)
		}
	}
}

// TestBudgetJSON checks that reading allocates the strings, and writing nothing.
func TestBudgetJSON(t *testing.T) {
	var r wsjson.Reader
	var w wsjson.Writer
	data := []byte(`{"x":7,"n":"some text of a message"}`)
	var v point
	if got := testing.AllocsPerRun(100, func() {
		r.Reset(data)
		v = readPoint(&r)
	}); got > 1 || v.X != 7 {
		t.Errorf("%v allocations for one string", got)
	}
	if got := testing.AllocsPerRun(100, func() {
		w.Reset(w.AvailableBuffer())
		writePoint(&w, v)
	}); got > 0 || string(w.Bytes()) != string(data) {
		t.Errorf("%v allocations, %s", got, w.Bytes())
	}
}
