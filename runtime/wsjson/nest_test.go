package wsjson_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

// takes reports what codecs of kinds do with the member of an object.
func takes(t *testing.T, with *tools, member string) bool {
	t.Helper()
	data := []byte("{" + member + "}")
	read, err := compare(with, data, readKinds, writeKinds)
	if err != nil {
		t.Errorf("%s: %v", data, err)
	}
	return read
}

// TestNested checks what is read, and what is left to encoding/json. That both
// mean the same is checked by the way.
func TestNested(t *testing.T) {
	var with tools
	for _, member := range []string{
		``, ` `, `"on":"true"`, `"on":null`, `"tiny":"-128"`, `"port":"65535"`, `"port":null`, `"port":"1","port":null`, `"ratio":"1e-7"`, `"share":"-0"`,
		`"small":1`, `"small":-0.0`, `"small":16777217`, `"small":0.30000001192092896`, `"key":""`, `"key":"aGk="`, `"key":"aG\nk="`, `"key":null`,
		`"raw":null`, `"raw": [ 1 , "\ud800" ] `, `"raw":{"a":{},"b":[]},"raw":1`, `"any":{"a":[1,{}]}`, `"any":null`, `"any":"\ud800"`, `"any":1,"any":"x"`,
		`"octets":[1,2,3]`, `"octets":[]`, `"octets":null`, `"octets":[1],"octets":[null,2]`, `"pair":[{"name":"a"},null]`, `"pair":[{"name":"a"}],"pair":[{}]`,
		`"tree":{"next":{"kids":[{}]}}`, `"tree":{"next":{"name":"a"}},"tree":{"next":{"ways":{"\u00e4":{"name":"x"},"ä":{}}}}`, `"tree":{"kids":null}`,
		`"by_level":{"a":[1],"a":null}`, `"by_level":{"a":[1]},"by_level":{"b":[]}`, `"when":"2026-01-02T03:04:05+01:30"`, `"when":null`,
		`"none":{"a":1}`, `"none":null`, `"text":["a",null,"\u00e4\n"]`, `"text":[],"text":null`,
		`"unknown":[null,{"a":-1.5e+3,"b":"\ud800\/"}]`, `"":1`, `"text":[ "a" , "b" ] `, `"tree":{"name":"` + strings.Repeat("long and \\n", 200) + `"}`,
	} {
		if !takes(t, &with, member) {
			t.Errorf("{%s} is left to encoding/json", member)
		}
	}
	for _, member := range []string{
		`"on":true`, `"on":"null"`, `"on":"True"`, `"on":"true`, `"tiny":"128"`, `"tiny":"01"`, `"tiny":" 1"`, `"tiny":"1 "`, `"tiny":"1.0"`, `"port":"-1"`, `"port":"null"`, `"ratio":"1e39"`, `"share":"0x1p-2"`, `"share":"NaN"`,
		`"small":01`, `"small":-`, `"small":1.`, `"small":1e`, `"small":.5`, `"small":1e39`, `"small":-null`, `"small":nul`, `"key":"a"`, `"key":[1]`, `"key":"aGk=\ud800"`,
		`"raw":[1,]`, `"raw":{"a"}`, `"raw":{"a":1]`, `"raw":[1}`, `"raw":01`, `"raw":"\x"`, `"raw":"` + "\n" + `"`, `"raw":truex`, `"raw":`, `"any":[01]`, `"any":1e400`,
		`"octets":[1,2,3,4]`, `"octets":[256]`, `"octets":"AQID"`, `"octets":{}`, `"pair":{}`, `"tree":{"kids":[{}],"kids":[{}]}`, `"tree":{"kids":[],"kids":[]}`, `"tree":[]`,
		`"tree":{"name":"\ud800"}`, `"tree":{"name":"\udc00\ud800"}`, `"tree":{"name":"\ud800\u0041"}`, `"tree":{"name":"\ud800\ud800\udc00"}`, `"tree":{"name":"\u00g0"}`, `"tree":{"name":"\u00`, `"tree":{"name":"\`, `"tree":{"name":"\'"}`,
		"\"tree\":{\"name\":\"\xff\"}", "\"tree\":{\"name\":\"a\\n\xc3\"}", "\"tree\":{\"name\":\"a\\n\x01\"}", "\"tree\":{\"ways\":{\"\xff\":{}}}", `"tree":{"ways":{"\ud800":{}}}`, `"tree":{"ways":{"a":1}}`, "\"tree\":{\"ways\":{\"\\n\x01\":{}}}",
		`"by_level":{"a":[1.0]}`, `"by_level":[]`, `"by_level":{"a":[1`, `"when":"2026-01-02"`, `"when":1`, `"when":"2026-01-02T03:04:05\u005a"`, `"none":[]`, `"none":{"a":}`,
		`"On":"true"`, `"ON":null`, `"o\u006e":"true"`, `"unKnown\n":1`, `"größe":1`, `"te` + "\u017f" + `t":1`, `"unknown":1}`, `"unknown":"a`, `"text":["a"`, `"text":["a",]`, `"text":[,]`, `"text":["a" "b"]`, `"text":"a"`, `"text":{}`, `"text":["a"],"text":["b"]`, `"text":["a"]]`,
	} {
		if takes(t, &with, member) {
			t.Errorf("{%s} is read", member)
		}
	}
}

// TestNestedNull checks where null is read: not on its own and not where Next
// stepped to, since a handler's parameters take it for missing.
func TestNestedNull(t *testing.T) {
	for name, read := range map[string]func(*wsjson.Reader){
		"Object": func(r *wsjson.Reader) { r.Object() },
		"Null":   func(r *wsjson.Reader) { r.Null() },
		"int":    func(r *wsjson.Reader) { wsjson.ReadInt(r, new(int)) },
		"string": func(r *wsjson.Reader) { wsjson.ReadString(r, new(string)) },
		"bool":   func(r *wsjson.Reader) { wsjson.ReadBool(r, new(bool)) },
		"float":  func(r *wsjson.Reader) { wsjson.ReadFloat64(r, new(float64)) },
		"time":   func(r *wsjson.Reader) { wsjson.ReadTime(r, new(time.Time)) },
		"bytes":  func(r *wsjson.Reader) { wsjson.ReadBytes(r, new([]byte)) },
		"quoted": func(r *wsjson.Reader) { wsjson.QuotedInt(r, new(int)) },
	} {
		var r wsjson.Reader
		r.Reset([]byte("null"))
		if read(&r); r.Plain() {
			t.Errorf("%s reads null on its own", name)
		}
		r.Reset([]byte(`{"a":{"b":1},"c":null}`))
		for r.Next() {
			if string(r.Name()) == "c" {
				read(&r)
				continue
			}
			for more := r.Object(); more; more = r.More() {
				r.Skip()
			}
		}
		if r.Plain() {
			t.Errorf("%s reads null behind Next", name)
		}
		r.Reset([]byte(`{"a":null,"b":[null]}`))
		for more := r.Object(); more; more = r.More() {
			if string(r.Name()) == "a" {
				read(&r)
				continue
			}
			for more := r.Array(); more; more = r.Elem() {
				read(&r)
			}
		}
		if !r.Plain() {
			t.Errorf("%s does not read null in an object or array", name)
		}
	}
}

// TestUTF8 checks that only a caller who says so is believed.
func TestUTF8(t *testing.T) {
	for data, plain := range map[string]bool{`"größe"`: true, "\"gr\xf6\xdfe\"": false, "\"\\n\xff\"": false} {
		var r wsjson.Reader
		var s string
		r.Reset([]byte(data))
		if wsjson.ReadString(&r, &s); r.Plain() != plain {
			t.Errorf("%q: read %v", data, r.Plain())
		}
		r.ResetUTF8([]byte(data))
		if wsjson.ReadString(&r, &s); !r.Plain() {
			t.Errorf("%q is looked at again", data)
		}
		r.Reset([]byte(data))
		if wsjson.ReadString(&r, &s); r.Plain() != plain {
			t.Errorf("%q: Reset believes what ResetUTF8 was told", data)
		}
	}
}

// TestDepth checks that what is too deep is left to encoding/json, which has a
// bound of its own, and costs no stack.
func TestDepth(t *testing.T) {
	var with tools
	for _, form := range []string{`"tree":%s`, `"raw":%s`, `"any":%s`, `"unknown":%s`} {
		for levels, want := range map[int]bool{100: true, 5000: false, 100_000: false} {
			value := strings.Repeat(`{"next":`, levels) + `{}` + strings.Repeat("}", levels)
			if got := takes(t, &with, fmt.Sprintf(form, value)); got != want {
				t.Errorf(form+": read %v", fmt.Sprint(levels, " levels"), got)
			}
		}
	}
}

// TestCycle checks that a value which contains itself is left to encoding/json,
// and one that is deep is written by it.
func TestCycle(t *testing.T) {
	cycle := knot{Name: "a"}
	cycle.Next = &cycle
	var deep knot
	for range 5000 {
		deep = knot{Next: &knot{Kids: []knot{deep}}}
	}
	for name, v := range map[string]*knot{"cycle": &cycle, "deep": &deep} {
		var w wsjson.Writer
		if writeKnot(&w, v); w.Valid() {
			t.Errorf("%s is written", name)
		}
		w.Reset(w.AvailableBuffer())
		if writeKnot(&w, &knot{Next: &knot{}}); !w.Valid() || string(w.Bytes()) != `{"next":{}}` {
			t.Errorf("behind %s: %v %s", name, w.Valid(), w.Bytes())
		}
	}
}

// TestGuess checks that a slice gets about the room that it needs, and that data
// which lies gets no more than 8 KiB.
func TestGuess(t *testing.T) {
	for _, test := range []struct {
		data     string
		size     int
		from, to int
	}{
		{`[1,2,3]`, 8, 3, 3},
		{`[1]`, 8, 1, 1},
		{`["ab","cd","ef"],"other":[1,2,3,4,5,6,7,8]`, 16, 3, 3},
		{`[{"a":[1,2]},{"a":[]}]`, 24, 2, 2},
		{`[1,` + strings.Repeat("1,", 1_000_000), 8, 1024, 1024},
		{`[1,` + strings.Repeat("1,", 1_000_000), 100_000, 1, 1},
		{`[1,2]`, 0, 2, 2},
		{`[1`, 8, 1, 1},
	} {
		var r wsjson.Reader
		r.Reset([]byte(test.data))
		r.Array()
		start := r.Pos()
		wsjson.ReadRaw(&r, new(json.RawMessage))
		if got := r.Guess(start, test.size); got < test.from || got > test.to {
			t.Errorf("%.60s of %d bytes: %d, want %d to %d", test.data, test.size, got, test.from, test.to)
		}
	}
	var r wsjson.Reader
	if got := r.Guess(5, 8); got != 1 {
		t.Errorf("without data: %d", got)
	}
}

// TestFloats checks numbers around those that take the short way.
func TestFloats(t *testing.T) {
	for _, text := range []string{
		"0", "-0", "-0.0", "0.5", "-1.25", "999999999.999", "1000000000.001", "0.001", "0.0005", "123456789012345", "1234567890123456", "0.123456789012345", "0.1234567890123456",
		"9007199254740993", "16777215", "16777216", "16777217", "0.1", "0.3", "3.4028234e38", "1e22", "1e23", "8.5", "100", "1.10", "33.333", "99999.99", "12345.678", "8388.608", "2.675", "1.005", "1e-400", "0.000000000000001",
	} {
		for _, bits := range []int{32, 64} {
			var want32 float32
			var want float64
			if json.Unmarshal([]byte(text), &want32) != nil || json.Unmarshal([]byte(text), &want) != nil {
				t.Fatal(text)
			}
			var r wsjson.Reader
			var w wsjson.Writer
			r.Reset([]byte(text))
			var std []byte
			same := false
			if bits == 32 {
				var got float32
				wsjson.ReadFloat32(&r, &got)
				same = math.Float32bits(got) == math.Float32bits(want32)
				wsjson.WriteFloat32(&w, got)
				std, _ = json.Marshal(want32)
			} else {
				var got float64
				wsjson.ReadFloat64(&r, &got)
				same = math.Float64bits(got) == math.Float64bits(want)
				wsjson.WriteFloat64(&w, got)
				std, _ = json.Marshal(want)
			}
			if !same || !r.Plain() || string(w.Bytes()) != string(std) {
				t.Errorf("%s in %d bits: same %v, read %v, written %s, want %s", text, bits, same, r.Plain(), w.Bytes(), std)
			}
		}
	}
}

// TestNoJSON checks values that have none.
func TestNoJSON(t *testing.T) {
	for name, write := range map[string]func(*wsjson.Writer){
		"NaN":            func(w *wsjson.Writer) { wsjson.WriteFloat32(w, float32(math.NaN())) },
		"infinity":       func(w *wsjson.Writer) { wsjson.QuoteFloat64(w, math.Inf(-1)) },
		"year 10 000":    func(w *wsjson.Writer) { wsjson.WriteTime(w, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"zone of a day":  func(w *wsjson.Writer) { wsjson.WriteTime(w, time.Unix(0, 0).In(time.FixedZone("", 24*60*60))) },
		"empty raw":      func(w *wsjson.Writer) { wsjson.WriteRaw(w, json.RawMessage{}) },
		"broken raw":     func(w *wsjson.Writer) { wsjson.WriteRaw(w, json.RawMessage(`{"a":}`)) },
		"two raw":        func(w *wsjson.Writer) { wsjson.WriteRaw(w, json.RawMessage(`1 2`)) },
		"raw not UTF-8":  func(w *wsjson.Writer) { wsjson.WriteRaw(w, json.RawMessage("\"\xff\"")) },
		"channel":        func(w *wsjson.Writer) { wsjson.WriteStd(w, make(chan int)) },
		"std not UTF-8":  func(w *wsjson.Writer) { wsjson.WriteStd(w, json.RawMessage("\"\xff\"")) },
		"std on its own": func(w *wsjson.Writer) { wsjson.WriteStd(w, math.Inf(1)) },
	} {
		var w wsjson.Writer
		if write(&w); w.Valid() {
			t.Errorf("%s is written as %s", name, w.Bytes())
		}
		if w.Reset(w.AvailableBuffer()); !w.Valid() {
			t.Errorf("%s: Reset does not help", name)
		}
	}
}

// TestRaw checks that raw JSON is written as encoding/json writes it.
func TestRaw(t *testing.T) {
	for _, raw := range []string{`1`, ` 1`, `1 `, `{"a":[1,{}]}`, "{\n\t\"a\" : [ 1 , { } ]\n}", `" a b "`, "\"\u2028\"", `"<>"`, `null`, strings.Repeat("[", 3000) + strings.Repeat("]", 3000)} {
		var w wsjson.Writer
		wsjson.WriteRaw(&w, json.RawMessage(raw))
		var std strings.Builder
		e := json.NewEncoder(&std)
		e.SetEscapeHTML(false)
		if err := e.Encode(json.RawMessage(raw)); err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSuffix(std.String(), "\n"); string(w.Bytes()) != want || !w.Valid() {
			t.Errorf("%.50q is written as %.50q, want %.50q", raw, w.Bytes(), want)
		}
	}
}

// TestKeysAgain checks that a Writer whose keys were never given back, since a
// MarshalJSON panicked, has none of them left.
func TestKeysAgain(t *testing.T) {
	var w wsjson.Writer
	wsjson.Keys(&w, map[string]int{"z": 1})
	w.Reset(w.AvailableBuffer())
	keys := wsjson.Keys(&w, map[level]int{"b": 1, "a": 2})
	if fmt.Sprint(keys) != "[a b]" {
		t.Errorf("%v", keys)
	}
	w.Done(keys)
	many := map[string]int{}
	for i := range 10_000 {
		many[fmt.Sprint(i)] = i
	}
	keys = wsjson.Keys(&w, many)
	if len(keys) != 10_000 || keys[1] != "1" || keys[2] != "10" {
		t.Errorf("%d keys: %v", len(keys), keys[:3])
	}
	w.Done(keys)
}

// TestWriterSize checks that a Writer whose memory was taken away makes as much
// for the next value as the last one needed.
func TestWriterSize(t *testing.T) {
	var w wsjson.Writer
	text := strings.Repeat("x", 20_000)
	for i := range 3 {
		w.Reset(w.AvailableBuffer())
		if i > 0 && cap(w.Bytes()) < len(text) {
			t.Errorf("room for %d bytes", cap(w.Bytes()))
		}
		wsjson.WriteString(&w, text)
		w.Reset(nil)
	}
	w.Reset(w.AvailableBuffer())
	wsjson.WriteString(&w, "short")
	w.Reset(nil)
	if w.Reset(w.AvailableBuffer()); cap(w.Bytes()) > 100 {
		t.Errorf("room for %d bytes behind a short text", cap(w.Bytes()))
	}
}
