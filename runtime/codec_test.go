package ws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
)

// oddities are data that generated code reads, or must not read, differently
// from what one might think.
var oddities = []string{
	`{}`, ` { } `, `{"String":"a","label":"b","bool":true,"Int":-12,"f64":1.5e-7}`,
	`{"String":"a\u0062\n\"\\\/"}`, `{"String":"\ud800"}`, `{"String":"\ud83d\ude00"}`, "{\"String\":\"\xff\"}", "{\"String\":\"a\nb\"}", "{\"String\":\"\u2028é€😀\x7f\"}",
	`{"Str\u0069ng":"a"}`, `{"string":"a"}`, `{"STRING":"a","String":"b"}`, `{"String":"a","string":"b"}`, `{"String":"a","String":"b"}`, `{"String":"a","String":1}`,
	`{"int16":1,"Int16":2,"INT16":3}`, `{"unknown":[{"a":[]}],"Int":1}`, `{"unknown":}`, `{"größe":1}`, `{"GRÖSSE":1}`, `{"GRÖẞE":1}`, `{"a-b":"dash","Dash":"x"}`, `{"Hidden":1,"private":2}`,
	`{"Int":null}`, `{"String":null,"bool":null}`, `null`, `[]`, `"x"`, `1`, `true`, ``, `{"Int":"1"}`, `{"String":1}`, `{"bool":"true"}`, `{"bool":tru}`, `{"bool":truex}`, `{"bool":True}`,
	`{"Int":0}`, `{"Int":-0}`, `{"Int":00}`, `{"Int":01}`, `{"Int":-}`, `{"Int":+1}`, `{"Int":1.0}`, `{"Int":1e2}`, `{"Int":0x1}`, `{"Int":1 }`, `{"Int": 1}`,
	`{"Int":9223372036854775807}`, `{"Int":9223372036854775808}`, `{"Int":-9223372036854775808}`, `{"Int":-9223372036854775809}`, `{"Int":99999999999999999999}`, `{"Int":18446744073709551617}`,
	`{"int8":127}`, `{"int8":128}`, `{"int8":-128}`, `{"int8":-129}`, `{"int-16":32768}`, `{"größe":2147483648}`, `{"level":255}`, `{"level":256}`, `{"level":-1}`, `{"Uint":-0}`,
	`{"$u64":18446744073709551615}`, `{"$u64":18446744073709551616}`, `{"$u64":9999999999999999999}`, `{"u32":4294967296}`, `{"duration":1000000000}`,
	`{"f64":0}`, `{"f64":-0}`, `{"f64":-0.0}`, `{"f64":.5}`, `{"f64":5.}`, `{"f64":1e}`, `{"f64":1E+2}`, `{"f64":1e-400}`, `{"f64":1e400}`, `{"f64":01.5}`, `{"f64":-}`, `{"f64":NaN}`,
	`{"f32":3.4028235e38}`, `{"f32":3.4028236e38}`, `{"f32":1e39}`, `{"f32":16777217}`, `{"f32":0.1}`, `{"ratio":1e-50}`, `{"f64":123456789012345678901234567890.12345678901234567890e-7}`,
	`{"Int":1,}`, `{,"Int":1}`, `{"Int":1 "bool":true}`, `{"Int" 1}`, `{"Int":1}}`, `{"Int":1}{}`, `{"Int":1`, `{"Int"`, `{"Int`, `{`, `{"Int":}`, `{"Int":1,"bool"}`, `{1:1}`,
	"{\t\"Int\"\r\n:\t1\n,\n\"bool\" : false }", "{\"Int\"\v:1}", "{\u00a0}", `{"Int":{}}`, `{"Int":[1]}`, `{"String":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}`,
}

// same compares with the bits of floats: -0 is not 0.
func same(a, b fixture.Every) bool {
	return reflect.DeepEqual(a, b) && math.Signbit(a.Float64) == math.Signbit(b.Float64) &&
		math.Signbit(float64(a.Float32)) == math.Signbit(float64(b.Float32)) && math.Signbit(float64(a.Ratio)) == math.Signbit(float64(b.Ratio))
}

// FuzzDecode: what generated code reads, encoding/json reads, and the same.
func FuzzDecode(f *testing.F) {
	for _, s := range oddities {
		f.Add([]byte(s))
	}
	f.Fuzz(decodesAsStd)
}

func decodesAsStd(t *testing.T, data []byte) {
	got, ok := ws.ReadAll(data, fixture.ReadEvery)
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

// FuzzEncode: what generated code writes is what encoding/json writes, and
// generated code reads it again unless something in it is escaped.
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
		got, ok := ws.WriteAll(e, fixture.WriteEvery)
		if ok != (err == nil) {
			t.Fatalf("%+v: written %v, encoding/json says %v", e, ok, err)
		}
		if !ok {
			return
		}
		if text := bytes.TrimSuffix(want.Bytes(), []byte("\n")); !bytes.Equal(got, text) {
			t.Fatalf("\ngot  %s\nwant %s", got, text)
		}
		if _, plain := ws.ReadAll(got, fixture.ReadEvery); !plain && !bytes.ContainsRune(got, '\\') && u < 1e19 {
			t.Fatalf("%s was left to encoding/json", got)
		}
		decodesAsStd(t, got)
		got[int(at)%len(got)] = mutant
		decodesAsStd(t, got)
	})
}

// TestCodecIsStd asks a gateway with generated codecs and one without the same,
// and wants the same frames, refusals included.
func TestCodecIsStd(t *testing.T) {
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	s := &site{Server: server, http: httptest.NewServer(ws.NewRouter(
		fixture.NewCodecEndpoint(server, &fixture.Codec{}).Endpoint, fixture.NewStdEndpoint(server, &fixture.Std{}).Endpoint))}
	defer s.http.Close()
	defer func() { _ = server.Shutdown(context.Background()) }()
	codec, std := s.dial(t, "/codec"), s.dial(t, "/std")

	ask := func(event, data string) {
		t.Helper()
		for id := range 2 {
			text := fmt.Sprintf(`{"event":%q,"id":%d,"data":%s}`, event, id, data)
			if data == "" {
				text = fmt.Sprintf(`{"event":%q,"id":%d}`, event, id)
			}
			codec.send("%s", text)
			std.send("%s", text)
			if got, want := codec.next(), std.next(); got != want && !bothOpaque(got, want) {
				t.Errorf("%.200s\ngot  %s\nwant %s", text, got, want)
			}
		}
	}
	for _, data := range oddities {
		if strings.Contains(data, "\xff") {
			continue // no text message can carry it
		}
		ask("every", data)
		ask("pick", data)
		ask("optional", data)
		ask("optional", strings.NewReplacer(`"f32"`, `"ratio"`, `"f64"`, `"ratio"`).Replace(data))
	}
	for _, data := range []string{`0`, `3`, `-1`, `"3"`, `3.0`, `{"n":2}`, `{"N":2}`, `{"n":-1}`, `{"n":null}`, `{"m":1}`, `{}`, `null`, `02`, `2 `} {
		ask("list", data)
	}
	for _, data := range []string{`{"a":1,"b":3}`, `{"a":1,"b":0}`, `{"a":0,"b":0}`, `{"a":1}`, `{"b":1}`, `{"b":1,"a":2,"b":4}`, `{"a":1,"b":null}`, `1`} {
		ask("divide", data)
	}
	for _, data := range []string{`{"label":"x"}`, `{"label":"x","level":7,"on":true}`, `{"label":"x","level":null}`, `{"level":1}`, `{"label":"x","level":256}`, `{"label":"x","on":false,"extra":1}`} {
		ask("pick", data)
	}
}

// bothOpaque: two internal errors differ in their references.
func bothOpaque(a, b string) bool {
	return strings.Contains(a, `"internal"`) && strings.Contains(b, `"internal"`)
}
