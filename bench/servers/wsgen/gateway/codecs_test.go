package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/mailru/easyjson"
	"github.com/mailru/easyjson/jwriter"

	"github.com/wsgen/wsgen/bench/internal/payload"
	"github.com/wsgen/wsgen/bench/internal/payload/easy"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// codec reads and writes a payload by one of the three ways that are compared.
type codec[T any] struct {
	read  func(text []byte, to *T) error
	write func(from *T) ([]byte, error) // into memory that the next call uses again
}

// codecs are the three ways: wsgen's, encoding/json's and easyjson's.
func codecs[T any](read func(*wsjson.Reader) T, write func(*wsjson.Writer, T), toEasy func(*T) easyType) [3]codec[T] {
	var r wsjson.Reader
	var w wsjson.Writer
	var buf bytes.Buffer
	var spare []byte
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	return [3]codec[T]{
		{
			func(text []byte, to *T) error {
				r.ResetUTF8(text) // gws has checked that a text message is UTF-8
				if *to = read(&r); !r.Plain() {
					return errLeft
				}
				return nil
			},
			func(from *T) ([]byte, error) {
				w.Reset(w.AvailableBuffer())
				if write(&w, *from); !w.Valid() {
					return nil, errLeft
				}
				return w.Bytes(), nil
			},
		},
		{
			func(text []byte, to *T) error { return json.Unmarshal(text, to) },
			func(from *T) ([]byte, error) {
				buf.Reset()
				err := encoder.Encode(from)
				return buf.Bytes(), err
			},
		},
		{
			func(text []byte, to *T) error { return easyjson.Unmarshal(text, toEasy(to)) },
			func(from *T) ([]byte, error) {
				out := jwriter.Writer{NoEscapeHTML: true}
				toEasy(from).MarshalEasyJSON(&out)
				var err error
				spare, err = out.BuildBytes(spare[:0])
				return spare, err
			},
		},
	}
}

// easyType is what easyjson generates for a type.
type easyType interface {
	easyjson.MarshalerUnmarshaler
}

// errLeft says that generated code leaves a payload to encoding/json.
var errLeft = errors.New("left to encoding/json")

func telemetryCodecs() [3]codec[payload.Telemetry] {
	return codecs(wsReadPayloadTelemetry, wsWritePayloadTelemetry, func(v *payload.Telemetry) easyType { return (*easy.Telemetry)(v) })
}

func orderCodecs() [3]codec[payload.Order] {
	return codecs(wsReadPayloadOrder, wsWritePayloadOrder, func(v *payload.Order) easyType { return (*easy.Order)(v) })
}

func pageCodecs() [3]codec[payload.Page] {
	return codecs(wsReadPayloadPage, wsWritePayloadPage, func(v *payload.Page) easyType { return (*easy.Page)(v) })
}

// TestCodecsDoTheSame: what is compared does the same work.
func TestCodecsDoTheSame(t *testing.T) {
	same(t, "telemetry", payload.NewTelemetry(), telemetryCodecs())
	same(t, "order", payload.NewOrder(), orderCodecs())
	same(t, "page", payload.NewPage(), pageCodecs())
}

func same[T any](t *testing.T, name string, sample T, all [3]codec[T]) {
	t.Helper()
	text, err := json.Marshal(&sample)
	if err != nil {
		t.Fatal(err)
	}
	var want T
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		var got, again T
		if err := c.read(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: way %d reads %+v (%v), want %+v", name, i, got, err, want)
		}
		out, err := c.write(&sample)
		if err != nil {
			t.Errorf("%s: way %d: %v", name, i, err)
			continue
		}
		if err := json.Unmarshal(out, &again); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s: way %d writes %s (%v), want %s", name, i, out, err, text)
		}
	}
}

// BenchmarkCodecs reads and writes the three payloads by generated code, by
// encoding/json and by easyjson, in turns, so that all get the same of a busy
// machine. It reports the medians of the turns.
func BenchmarkCodecs(b *testing.B) {
	compare(b, "telemetry", payload.NewTelemetry(), telemetryCodecs())
	compare(b, "order", payload.NewOrder(), orderCodecs())
	compare(b, "page", payload.NewPage(), pageCodecs())
}

func compare[T any](b *testing.B, name string, sample T, all [3]codec[T]) {
	b.Helper()
	text, err := json.Marshal(&sample)
	if err != nil {
		b.Fatal(err)
	}
	var decode, encode [3]func() error
	for i, c := range all {
		decode[i] = func() error { return c.read(text, new(T)) }
		encode[i] = func() error {
			_, err := c.write(&sample)
			return err
		}
	}
	b.Run(name+"/decode", func(b *testing.B) { inTurns(b, decode) })
	b.Run(name+"/encode", func(b *testing.B) { inTurns(b, encode) })
}

// inTurns runs each of all for perTurn, again and again.
func inTurns(b *testing.B, all [3]func() error) {
	const perTurn = 500 * time.Microsecond
	turn := func(n int, do func() error) float64 {
		begun := time.Now()
		for range n {
			if err := do(); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(begun).Nanoseconds()) / float64(n)
	}
	var each [3]int
	for i, do := range all {
		each[i] = 1 + int(float64(perTurn.Nanoseconds())/turn(20, do))
	}
	var took [3][]float64
	for b.Loop() {
		for i, do := range all {
			took[i] = append(took[i], turn(each[i], do))
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, unit := range []string{"ns", "std-ns", "easyjson-ns"} {
		slices.Sort(took[i])
		b.ReportMetric(took[i][len(took[i])/2], unit)
	}
}
