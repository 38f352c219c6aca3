package wsjson_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// tools are what a goroutine compares with. They are used again, as they are in a
// server.
type tools struct {
	reader wsjson.Reader
	writer wsjson.Writer
	std    bytes.Buffer
}

// differ compares the codecs of a type with encoding/json.
type differ struct {
	name  string
	seeds [][]byte
	// check reports whether data is read, or why that is wrong.
	check func(t *tools, data []byte) (read bool, err error)
	// takes reports whether encoding/json reads data.
	takes func(data []byte) bool
}

func newDiffer[T any](name string, read func(*wsjson.Reader, *T), write func(*wsjson.Writer, *T), samples ...T) differ {
	d := differ{
		name:  name,
		check: func(t *tools, data []byte) (bool, error) { return compare(t, data, read, write) },
		takes: func(data []byte) bool { return json.Unmarshal(data, new(T)) == nil },
	}
	for _, sample := range append(samples, *new(T)) {
		text, err := json.Marshal(sample)
		if err != nil {
			panic(err)
		}
		d.seeds = append(append(d.seeds, text), parts(text)...)
	}
	return d
}

// parts returns objects of three members each that text has: short inputs, of
// which there are many in a second.
func parts(text []byte) (all [][]byte) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		panic(err)
	}
	for names := range slices.Chunk(slices.Sorted(maps.Keys(object)), 3) {
		part := []byte("{")
		for i, name := range names {
			if i > 0 {
				part = append(part, ',')
			}
			part = fmt.Appendf(part, "%q:%s", name, object[name])
		}
		all = append(all, append(part, '}'))
	}
	return all
}

// compare reads data with both, and writes what was read with both.
func compare[T any](t *tools, data []byte, read func(*wsjson.Reader, *T), write func(*wsjson.Writer, *T)) (bool, error) {
	t.reader.Reset(data)
	switch {
	case !utf8.Valid(data):
	case len(data)%4 == 0:
		t.reader.ResetUTF8(data)
	case len(data)%4 == 2:
		t.reader.ResetOwned(data)
	}
	var got, want T
	read(&t.reader, &got)
	if !t.reader.Plain() {
		return false, nil
	}
	if err := json.Unmarshal(data, &want); err != nil {
		return true, fmt.Errorf("encoding/json refuses it: %w", err)
	}
	if !reflect.DeepEqual(got, want) {
		return true, fmt.Errorf("read\n%+v\nwant\n%+v", got, want)
	}
	t.writer.Reset(t.writer.AvailableBuffer())
	write(&t.writer, &got)
	t.std.Reset()
	std := json.NewEncoder(&t.std)
	std.SetEscapeHTML(false)
	err := std.Encode(&want)
	text := bytes.TrimSuffix(t.std.Bytes(), []byte("\n"))
	switch valid := err == nil && utf8.Valid(text); {
	case valid != t.writer.Valid():
		return true, fmt.Errorf("written %v, encoding/json says %w", t.writer.Valid(), err)
	case !valid:
		return true, nil
	case !bytes.Equal(t.writer.Bytes(), text):
		return true, fmt.Errorf("written\n%s\nwant\n%s", t.writer.Bytes(), text)
	}
	var again T
	t.reader.Reset(text)
	if read(&t.reader, &again); !t.reader.Plain() {
		return true, fmt.Errorf("%s is left to encoding/json", text)
	}
	return true, nil
}

func differs() []differ {
	telemetry, order, page := payload.NewTelemetry(), payload.NewOrder(), payload.NewPage()
	few := telemetry
	few.Readings = few.Readings[:2]
	some := order
	some.Items = some.Items[2:4]
	short := page
	short.Messages = short.Messages[:4]
	return []differ{
		newDiffer("telemetry", readTelemetry, writeTelemetry, few, telemetry),
		newDiffer("order", readOrder, writeOrder, some, order),
		newDiffer("page", readPage, writePage, short),
		newDiffer("kinds", readKinds, writeKinds, newKinds()),
	}
}

// TestCodecs checks that what samples are written as is read, and the same as with
// encoding/json.
func TestCodecs(t *testing.T) {
	var with tools
	for _, d := range append(differs(), newDiffer("whole page", readPage, writePage, payload.NewPage())) {
		for _, seed := range d.seeds {
			if read, err := d.check(&with, seed); !read || err != nil {
				t.Errorf("%s: read %v, %v: %s", d.name, read, err, seed)
			}
		}
	}
}

var (
	inputs = flag.Int("inputs", 100_000, "how many inputs TestMutations tries")
	seed   = flag.Uint64("seed", 1, "what TestMutations begins with")
)

// TestMutations changes samples at random, and checks that what is read of them
// is what encoding/json reads, and is written as encoding/json writes it.
//
//	go test ./runtime/wsjson -run TestMutations -inputs=100000000 -seed=7 -timeout=0 -v
func TestMutations(t *testing.T) {
	all := differs()
	var done, read, valid, sampled atomic.Int64
	var failed atomic.Bool
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	began := time.Now()
	for worker := range workers {
		wg.Go(func() {
			var with tools
			m := payload.Mutator{Random: rand.New(rand.NewPCG(*seed, uint64(worker)))}
			pool := make([][][]byte, len(all)) // begins with the samples; changed ones that were read join them
			for i := worker; i < *inputs && !failed.Load(); i += workers {
				kind := i / workers % len(all)
				d := &all[kind]
				if pool[kind] == nil {
					pool[kind] = append(pool[kind], d.seeds...)
				}
				data := m.Mutate(pool[kind][m.Random.IntN(len(pool[kind]))])
				ok, err := d.check(&with, data)
				if err != nil {
					failed.Store(true)
					t.Errorf("%s: %q: %v", d.name, data, err)
					return
				}
				switch {
				case ok:
					read.Add(1)
					keep(&m, &pool[kind], len(d.seeds), data)
				case i/workers%64 < len(all):
					sampled.Add(1)
					if d.takes(data) {
						valid.Add(1)
					}
				}
				if n := done.Add(1); n%1_000_000 == 0 {
					fmt.Fprintf(os.Stderr, "%d inputs in %v, %d read\n", n, time.Since(began).Round(time.Second), read.Load())
				}
			}
		})
	}
	wg.Wait()
	t.Logf("seed %d: %d inputs in %v, %d read and compared; of %d that were left, encoding/json reads %d",
		*seed, done.Load(), time.Since(began).Round(time.Millisecond), read.Load(), sampled.Load(), valid.Load())
	if read.Load() < done.Load()/100 {
		t.Errorf("of %d inputs only %d are read: this compares nothing", done.Load(), read.Load())
	}
}

// keep puts some of the inputs that were read in the pool, behind the samples.
func keep(m *payload.Mutator, pool *[][]byte, samples int, data []byte) {
	const most = 64
	switch {
	case len(data) > 2<<10 || m.Random.IntN(8) > 0:
	case len(*pool) < most:
		*pool = append(*pool, bytes.Clone(data))
	default:
		(*pool)[samples+m.Random.IntN(most-samples)] = bytes.Clone(data)
	}
}

// FuzzReader checks of any input what TestMutations checks.
func FuzzReader(f *testing.F) {
	all := differs()
	for kind, d := range all {
		for _, seed := range d.seeds {
			f.Add(byte(kind), seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		var with tools
		d := &all[int(kind)%len(all)]
		if _, err := d.check(&with, data); err != nil {
			t.Errorf("%s: %q: %v", d.name, data, err)
		}
	})
}

// FuzzText checks that any string is written as encoding/json writes it, and any
// text in quotes is read as encoding/json reads it.
func FuzzText(f *testing.F) {
	for _, s := range append(newKinds().Text, `\n`, `\ud83d\ude00`, `\ud800`, `\ud800\u0041`, `\udc00`, `\u00e`, `\`, "\xff", "a\xc3", "\xe2\x80\xa8") {
		for _, before := range []int{0, 1, 7, 8, 60, 64, 1100} {
			f.Add(bytes.Repeat([]byte("x"), before), s)
		}
	}
	f.Fuzz(func(t *testing.T, before []byte, text string) { checkText(t, string(before)+text) })
}

func checkText(t *testing.T, text string) {
	t.Helper()
	var w wsjson.Writer
	wsjson.WriteString(&w, text)
	var std bytes.Buffer
	encoder := json.NewEncoder(&std)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		t.Fatal(err)
	}
	written := bytes.TrimSuffix(std.Bytes(), []byte("\n"))
	if !bytes.Equal(w.Bytes(), written) {
		t.Fatalf("%q is written\n%s, want\n%s", text, w.Bytes(), written)
	}
	for _, data := range []string{string(written), `"` + text + `"`, "[" + `"` + text + `"` + "]"} {
		if got, read := readText(data, false); read {
			wantText(t, data, got)
		} else if data == string(written) {
			t.Fatalf("%s is left to encoding/json", data)
		}
		if utf8.ValidString(data) {
			if got, read := readText(data, true); read {
				wantText(t, data, got)
			}
		}
	}
}

// readText reads a string, in an array or on its own.
func readText(data string, valid bool) (text string, read bool) {
	var r wsjson.Reader
	r.Reset([]byte(data))
	if valid {
		r.ResetUTF8([]byte(data))
	}
	if data[0] == '[' {
		for more := r.Array(); more; more = r.Elem() {
			wsjson.ReadString(&r, &text)
		}
	} else {
		wsjson.ReadString(&r, &text)
	}
	return text, r.Plain()
}

func wantText(t *testing.T, data, got string) {
	t.Helper()
	var list []string
	if data[0] != '[' {
		data = "[" + data + "]"
	}
	if err := json.Unmarshal([]byte(data), &list); err != nil {
		t.Fatalf("%q was read, and encoding/json refuses it: %v", data, err)
	}
	want := ""
	for _, s := range list {
		want = s
	}
	if got != want {
		t.Fatalf("%q:\ngot  %q\nwant %q", data, got, want)
	}
}
