package wsjson_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

func Example() {
	var r wsjson.Reader
	r.Reset([]byte(`{"x":3,"n":"three"}`))
	v := readPoint(&r)
	fmt.Println(v, r.Plain())

	var w wsjson.Writer
	writePoint(&w, v)
	fmt.Println(string(w.Bytes()), w.Valid())
	// Output:
	// {3 three} true
	// {"x":3,"n":"three"} true
}

// member reads the value of the member "v" of an object with read, and prints it.
func member[T any](data string, read func(r *wsjson.Reader, to *T)) {
	var r wsjson.Reader
	r.Reset([]byte(data))
	var v T
	for more := r.Object(); more; more = r.More() {
		if string(r.Name()) == "v" {
			read(&r, &v)
		} else {
			r.Skip("v")
		}
	}
	fmt.Println(v, r.Plain())
}

// written prints what write writes.
func written(write func(w *wsjson.Writer)) {
	var w wsjson.Writer
	write(&w)
	fmt.Println(string(w.Bytes()), w.Valid())
}

func ExampleReader_Object() {
	member(`{"v":{"v":1}}`, func(r *wsjson.Reader, to *int) {
		for more := r.Object(); more; more = r.More() {
			wsjson.ReadInt(r, to)
		}
	})
	member(`{"v":null}`, func(r *wsjson.Reader, to *int) { fmt.Println(r.Object()) })
	// Output:
	// 1 true
	// false
	// 0 true
}

func ExampleReader_More() {
	var r wsjson.Reader
	r.Reset([]byte(`{"a":1,"b":2}`))
	for more := r.Object(); more; more = r.More() {
		name, n := string(r.Name()), 0
		wsjson.ReadInt(&r, &n)
		fmt.Println(name, n)
	}
	// Output:
	// a 1
	// b 2
}

func ExampleReader_Name() {
	var r wsjson.Reader
	r.Reset([]byte(`{"größe":1}`))
	r.Object()
	fmt.Printf("%s\n", r.Name())
	// Output: größe
}

func ExampleReader_Key() {
	var r wsjson.Reader
	r.Reset([]byte(`{"a\tb":1}`))
	r.Object()
	fmt.Printf("%s %q\n", r.Name(), r.Key())
	// Output: a\tb "a\tb"
}

func ExampleReader_Array() {
	member(`{"v":[3,4]}`, func(r *wsjson.Reader, to *[]int) {
		for more := r.Array(); more; more = r.Elem() {
			var e int
			wsjson.ReadInt(r, &e)
			*to = append(*to, e)
		}
	})
	// Output: [3 4] true
}

func ExampleReader_Elem() {
	var r wsjson.Reader
	r.Reset([]byte(`["a" , "b"]`))
	var s string
	for more := r.Array(); more; more = r.Elem() {
		wsjson.ReadString(&r, &s)
		fmt.Println(s)
	}
	fmt.Println(r.Plain())
	// Output:
	// a
	// b
	// true
}

func ExampleReader_Null() {
	read := func(r *wsjson.Reader, to **int) {
		if r.Null() {
			*to = nil
			return
		}
		*to = new(int)
		wsjson.ReadInt(r, *to)
	}
	member(`{"v":1,"v":null}`, read)
	// Output: <nil> true
}

func ExampleReader_Skip() {
	member(`{"w":[{"a":1}],"v":2}`, wsjson.ReadInt[int])
	member(`{"V":1,"v":2}`, wsjson.ReadInt[int]) // which encoding/json takes for v
	// Output:
	// 2 true
	// 0 false
}

func ExampleReader_Enter() {
	var list func(r *wsjson.Reader, to *int)
	list = func(r *wsjson.Reader, to *int) {
		if !r.Enter() {
			return
		}
		*to++
		for more := r.Array(); more; more = r.Elem() {
			list(r, to)
		}
		r.Leave()
	}
	member(`{"v":[[[]]]}`, list)
	// Output: 3 true
}

func ExampleReader_Leave() {
	var r wsjson.Reader
	for range 1000 { // one after the other
		r.Enter()
		r.Leave()
	}
	fmt.Println(r.Enter())
	// Output: true
}

func ExampleReader_Pos() {
	var r wsjson.Reader
	r.Reset([]byte(`[10,20]`))
	r.Array()
	fmt.Println(r.Pos())
	// Output: 1
}

func ExampleReader_Guess() {
	var r wsjson.Reader
	r.Reset([]byte(`[10,20,30]`))
	var s []int
	for more, start := r.Array(), r.Pos(); more; more = r.Elem() {
		var e int
		wsjson.ReadInt(&r, &e)
		if s == nil {
			s = make([]int, 0, r.Guess(start, 8))
		}
		s = append(s, e)
	}
	fmt.Println(s, cap(s))
	// Output: [10 20 30] 3
}

func ExampleReader_ResetUTF8() {
	var r wsjson.Reader
	var s string
	r.ResetUTF8([]byte(`"schön"`)) // it is: this is Go's source
	wsjson.ReadString(&r, &s)
	fmt.Println(s, r.Plain())
	// Output: schön true
}

func ExampleReader_Odd() {
	member(`{"v":1}`, func(r *wsjson.Reader, _ *int) { r.Odd() })
	// Output: 0 false
}

func ExampleReader_Require() {
	member(`{"v":[1],"v":[2]}`, func(r *wsjson.Reader, to *[]int) {
		r.Require(*to == nil) // encoding/json would read into the elements
		for more := r.Array(); more; more = r.Elem() {
			*to = append(*to, 0)
			wsjson.ReadInt(r, &(*to)[len(*to)-1])
		}
	})
	// Output: [1] false
}

func ExampleReadString() {
	member(`{"v":"gr\u00f6\u00dfer"}`, wsjson.ReadString[string])
	// Output: größer true
}

func ExampleReadBool() {
	member(`{"v":true}`, wsjson.ReadBool[bool])
	// Output: true true
}

func ExampleReadInt() {
	member(`{"v":-128}`, wsjson.ReadInt[int8])
	member(`{"v":-129}`, wsjson.ReadInt[int8])
	// Output:
	// -128 true
	// 127 false
}

func ExampleReadUint() {
	member(`{"v":18446744073709551615}`, wsjson.ReadUint[uint64])
	// Output: 18446744073709551615 true
}

func ExampleReadFloat32() {
	member(`{"v":0.1}`, wsjson.ReadFloat32[float32])
	// Output: 0.1 true
}

func ExampleReadFloat64() {
	member(`{"v":1e-7}`, wsjson.ReadFloat64[float64])
	member(`{"v":null}`, wsjson.ReadFloat64[float64])
	// Output:
	// 1e-07 true
	// 0 true
}

func ExampleReadTime() {
	member(`{"v":"2026-03-14T09:26:53Z"}`, wsjson.ReadTime)
	// Output: 2026-03-14 09:26:53 +0000 UTC true
}

func ExampleReadBytes() {
	member(`{"v":"aGk="}`, wsjson.ReadBytes[[]byte])
	// Output: [104 105] true
}

func ExampleReadRaw() {
	member(`{"v":[1, "\n"]}`, func(r *wsjson.Reader, to *string) {
		var raw json.RawMessage
		wsjson.ReadRaw(r, &raw)
		*to = string(raw)
	})
	// Output: [1, "\n"] true
}

func ExampleReadStd() {
	member(`{"v":{"a":[1,null]}}`, func(r *wsjson.Reader, to *any) {
		v := *to
		wsjson.ReadStd(r, &v)
		*to = v
	})
	// Output: map[a:[1 <nil>]] true
}

func ExampleQuotedBool() {
	member(`{"v":"true"}`, wsjson.QuotedBool[bool])
	// Output: true true
}

func ExampleQuotedInt() {
	member(`{"v":"-7"}`, wsjson.QuotedInt[int])
	member(`{"v":-7}`, wsjson.QuotedInt[int])
	// Output:
	// -7 true
	// 0 false
}

func ExampleQuotedUint() {
	member(`{"v":"7"}`, wsjson.QuotedUint[uint])
	// Output: 7 true
}

func ExampleQuotedFloat32() {
	member(`{"v":"0.5"}`, wsjson.QuotedFloat32[float32])
	// Output: 0.5 true
}

func ExampleQuotedFloat64() {
	member(`{"v":"0.5"}`, wsjson.QuotedFloat64[float64])
	// Output: 0.5 true
}

func ExampleWriter_Lit() {
	written(func(w *wsjson.Writer) {
		w.Lit(`{"a":`)
		wsjson.WriteInt(w, 1)
		w.Lit(`}`)
	})
	// Output: {"a":1} true
}

func ExampleWriter_Member() {
	written(func(w *wsjson.Writer) {
		w.Lit("{")
		for _, name := range []string{`"a":`, `"b":`} {
			w.Member(name)
			w.Null()
		}
		w.Lit("}")
	})
	// Output: {"a":null,"b":null} true
}

func ExampleWriter_Enter() {
	type loop struct{ next *loop }
	var write func(w *wsjson.Writer, v *loop)
	write = func(w *wsjson.Writer, v *loop) {
		if v == nil {
			w.Null()
			return
		}
		if !w.Enter() {
			return
		}
		w.Lit(`{"next":`)
		write(w, v.next)
		w.Lit("}")
		w.Leave()
	}
	v := &loop{next: &loop{}}
	written(func(w *wsjson.Writer) { write(w, v) })
	v.next.next = v
	var w wsjson.Writer
	write(&w, v)
	fmt.Println(w.Valid())
	// Output:
	// {"next":{"next":null}} true
	// false
}

func ExampleWriter_Leave() {
	var w wsjson.Writer
	for range 1000 { // one after the other
		w.Enter()
		w.Leave()
	}
	fmt.Println(w.Enter())
	// Output: true
}

func ExampleWriter_Null() {
	written(func(w *wsjson.Writer) { w.Null() })
	// Output: null true
}

func ExampleKeys() {
	m := map[string]bool{"b": true, "a": false}
	written(func(w *wsjson.Writer) {
		w.Lit("{")
		keys := wsjson.Keys(w, m)
		for _, key := range keys {
			wsjson.WriteKey(w, key)
			wsjson.WriteBool(w, m[key])
		}
		w.Done(keys)
		w.Lit("}")
	})
	// Output: {"a":false,"b":true} true
}

func ExampleWriter_Done() {
	written(func(w *wsjson.Writer) {
		outer := wsjson.Keys(w, map[string]int{"b": 1, "a": 2})
		inner := wsjson.Keys(w, map[string]int{"d": 3, "c": 4})
		fmt.Println(outer, inner)
		w.Done(inner)
		w.Done(outer)
	})
	// Output:
	// [a b] [c d]
	//  true
}

func ExampleWriteKey() {
	written(func(w *wsjson.Writer) {
		w.Lit("{")
		wsjson.WriteKey(w, "line\nbreak")
		w.Lit("1}")
	})
	// Output: {"line\nbreak":1} true
}

func ExampleWriteString() {
	written(func(w *wsjson.Writer) { wsjson.WriteString(w, "größer \"als\" <3>\n") })
	// Output: "größer \"als\" <3>\n" true
}

func ExampleWriteFloat64() {
	written(func(w *wsjson.Writer) { wsjson.WriteFloat64(w, 21.5) })
	written(func(w *wsjson.Writer) { wsjson.WriteFloat64(w, 1e-9) })
	// Output:
	// 21.5 true
	// 1e-9 true
}

func ExampleWriteSlice() {
	written(func(w *wsjson.Writer) { wsjson.WriteSlice(w, []int{1, 2}, wsjson.WriteInt[int]) })
	// Output: [1,2] true
}

func ExampleWriteTime() {
	written(func(w *wsjson.Writer) { wsjson.WriteTime(w, time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)) })
	written(func(w *wsjson.Writer) { wsjson.WriteTime(w, time.Date(12026, 3, 14, 9, 26, 53, 0, time.UTC)) })
	// Output:
	// "2026-03-14T09:26:53Z" true
	//  false
}

func ExampleWriteBytes() {
	written(func(w *wsjson.Writer) { wsjson.WriteBytes(w, []byte("hi")) })
	written(func(w *wsjson.Writer) { wsjson.WriteBytes(w, []byte(nil)) })
	// Output:
	// "aGk=" true
	// null true
}

func ExampleWriteRaw() {
	written(func(w *wsjson.Writer) { wsjson.WriteRaw(w, json.RawMessage(`{ "a": [1, 2] }`)) })
	// Output: {"a":[1,2]} true
}

func ExampleWriteStd() {
	written(func(w *wsjson.Writer) { wsjson.WriteStd(w, map[string]any{"b": nil, "a": "<"}) })
	// Output: {"a":"<","b":null} true
}

func ExampleQuoteBool() {
	written(func(w *wsjson.Writer) { wsjson.QuoteBool(w, true) })
	// Output: "true" true
}

func ExampleQuoteInt() {
	written(func(w *wsjson.Writer) { wsjson.QuoteInt(w, int8(-7)) })
	// Output: "-7" true
}

func ExampleQuoteUint() {
	written(func(w *wsjson.Writer) { wsjson.QuoteUint(w, uint16(7)) })
	// Output: "7" true
}

func ExampleQuoteFloat32() {
	written(func(w *wsjson.Writer) { wsjson.QuoteFloat32(w, float32(0.1)) })
	// Output: "0.1" true
}

func ExampleQuoteFloat64() {
	written(func(w *wsjson.Writer) { wsjson.QuoteFloat64(w, 1e21) })
	// Output: "1e+21" true
}
