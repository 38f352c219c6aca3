package wsjson_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// readAll reads data with a generated function. It returns false if the data is
// left to encoding/json.
func readAll[T any](data []byte, read func(*wsjson.Reader) T) (T, bool) {
	var r wsjson.Reader
	r.Reset(data)
	v := read(&r)
	return v, r.Plain()
}

// writeAll returns what a generated function writes, or false if v has no JSON.
func writeAll[T any](v T, write func(*wsjson.Writer, T)) ([]byte, bool) {
	var w wsjson.Writer
	write(&w, v)
	return w.Bytes(), w.Valid()
}

// same compares two values by the bits of their floats, for which -0 is not 0.
func same(a, b fixture.Every) bool {
	return reflect.DeepEqual(a, b) && math.Signbit(a.Float64) == math.Signbit(b.Float64) &&
		math.Signbit(float64(a.Float32)) == math.Signbit(float64(b.Float32)) && math.Signbit(float64(a.Ratio)) == math.Signbit(float64(b.Ratio))
}

// FuzzDecode checks that encoding/json reads the same from all data that
// generated code reads.
func FuzzDecode(f *testing.F) {
	for _, s := range fixture.Oddities() {
		f.Add([]byte(s))
	}
	f.Fuzz(decodesAsStd)
}

func decodesAsStd(t *testing.T, data []byte) {
	got, ok := readAll(data, fixture.ReadEvery)
	if !ok {
		return // encoding/json reads it
	}
	var want fixture.Every
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatalf("%q was read, and encoding/json refuses it: %v", data, err)
	}
	if !same(got, want) {
		t.Fatalf("%q:\ngot  %+v\nwant %+v", data, got, want)
	}
}

// FuzzEncode checks that generated code writes the same as encoding/json, and
// reads it again.
func FuzzEncode(f *testing.F) {
	f.Add("plain", "", false, int64(0), uint64(0), 0.0, uint32(0), uint16(0), byte(0))
	f.Add("<&>\"\\/\b\f\n\r\t\x00\x1f\x7f", "\u2028\u2029\u2027é€😀\ufffd", true, int64(math.MinInt64), uint64(math.MaxUint64), 1e21, math.Float32bits(1e-7), uint16(0), byte(1))
	f.Add("\xff\xc3\x28\xed\xa0\x80", "eight by\"te", true, int64(math.MaxInt64), uint64(1), math.NaN(), uint32(0x7f800000), uint16(3), byte('"'))
	f.Add("1234567\x80", "12345678\\", true, int64(-1), uint64(1)<<63, math.Copysign(0, -1), uint32(0x80000000), uint16(10), byte(','))
	for _, v := range []float64{1e-6, 9.99e-7, 1e-9, 1e-10, 1e-100, 5e-324, 1e20, 999999999999999999999, 1.5e300, math.MaxFloat64, math.Inf(1), math.Inf(-1), 0.1, 100, 1e7} {
		f.Add("", "x", false, int64(v), uint64(math.Abs(v)), v, math.Float32bits(float32(v)), uint16(20), byte(0))
	}
	f.Fuzz(func(t *testing.T, text, note string, on bool, i int64, u uint64, f64 float64, f32 uint32, at uint16, mutant byte) {
		small := math.Float32frombits(f32)
		e := fixture.Every{
			String: text, Label: fixture.Label(note), Bool: on, Switch: fixture.Switch(!on), Int: int(i), Int8: int8(i), Int16: int16(i), Int32: int32(i), Int64: i,
			Uint: uint(u), Byte: byte(u), Uint16: uint16(u), Uint32: uint32(u), Uint64: u, Level: fixture.Level(u), Float32: small, Float64: f64, Ratio: fixture.Ratio(small),
			Duration: time.Duration(i), Note: fixture.Label(note), On: fixture.Switch(on), Dash: text + note,
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(e)
		got, ok := writeAll(e, fixture.WriteEvery)
		if ok != (err == nil) {
			t.Fatalf("%+v: written %v, encoding/json says %v", e, ok, err)
		}
		if !ok {
			return
		}
		if text := bytes.TrimSuffix(want.Bytes(), []byte("\n")); !bytes.Equal(got, text) {
			t.Fatalf("\ngot  %s\nwant %s", got, text)
		}
		if _, plain := readAll(got, fixture.ReadEvery); !plain {
			t.Fatalf("%s was left to encoding/json", got)
		}
		decodesAsStd(t, got)
		got[int(at)%len(got)] = mutant
		decodesAsStd(t, got)
	})
}
