package wsjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/stdjson"
)

// WriteTime writes a time as RFC 3339 has it. One whose year or zone that has not
// has no JSON.
func WriteTime(w *Writer, v time.Time) {
	b, err := v.AppendText(append(w.buf, '"'))
	if err != nil {
		w.invalid = true
		return
	}
	w.buf = append(b, '"')
}

// WriteBytes writes bytes in base64 (RFC 4648, section 4), and null for nil.
func WriteBytes[T ~[]byte](w *Writer, v T) {
	if v == nil {
		w.Null()
		return
	}
	w.buf = append(base64.StdEncoding.AppendEncode(append(w.buf, '"'), v), '"')
}

// WriteRaw writes JSON without its white space, and null for nil. Text that is no
// JSON, or not UTF-8, has none.
func WriteRaw(w *Writer, v json.RawMessage) {
	switch {
	case v == nil:
		w.Null()
	case compact(v):
		w.buf = append(w.buf, v...)
	default:
		WriteStd(w, v)
	}
}

// compact reports whether encoding/json writes raw as it is, without a doubt.
func compact(raw []byte) bool {
	c := checker{b: raw}
	return c.value() && c.i == len(raw) && !c.spaced && utf8.Valid(raw) &&
		!bytes.Contains(raw, []byte("\u2028")) && !bytes.Contains(raw, []byte("\u2029"))
}

// WriteStd writes a value of any type with encoding/json. What fails there has no
// JSON, and neither has what is not UTF-8, which a MarshalJSON may return. A type
// whose pointer has a MarshalJSON is passed by its address.
func WriteStd(w *Writer, v any) {
	e := stdjson.NewEncoder()
	defer e.Release()
	e.Lend(maxKept)
	text, err := e.Encode(e.AvailableBuffer(), v, "")
	if err != nil || !utf8.Valid(text) {
		w.invalid = true
		return
	}
	w.buf = append(w.buf, text...)
}

// QuoteBool writes "true" or "false", in quotes.
func QuoteBool[T ~bool](w *Writer, v T) {
	w.buf = append(strconv.AppendBool(append(w.buf, '"'), bool(v)), '"')
}

// QuoteInt writes an integer in quotes.
func QuoteInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](w *Writer, v T) {
	w.buf = append(strconv.AppendInt(append(w.buf, '"'), int64(v), 10), '"')
}

// QuoteUint writes an integer in quotes.
func QuoteUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](w *Writer, v T) {
	w.buf = append(strconv.AppendUint(append(w.buf, '"'), uint64(v), 10), '"')
}

// QuoteFloat32 writes a number in quotes. NaN and infinities have no JSON.
func QuoteFloat32[T ~float32](w *Writer, v T) { w.quoteFloat(float64(v), 32) }

// QuoteFloat64 writes a number in quotes. NaN and infinities have no JSON.
func QuoteFloat64[T ~float64](w *Writer, v T) { w.quoteFloat(float64(v), 64) }

func (w *Writer) quoteFloat(v float64, bits int) {
	w.buf = append(w.buf, '"')
	w.float(v, bits)
	w.buf = append(w.buf, '"')
}
