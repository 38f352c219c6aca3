package wsjson

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/stdjson"
)

// ReadString reads a string into to.
func ReadString[T ~string](r *Reader, to *T) {
	text, ok := r.text()
	switch {
	case !ok:
	case len(text) >= leastShared:
		*to = T(r.share(text))
	default:
		*to = T(text)
	}
}

// ReadBool reads true or false into to.
func ReadBool[T ~bool](r *Reader, to *T) {
	if on, ok := r.boolean(); ok {
		*to = T(on)
	}
}

// ReadInt reads an integer into to. One that does not fit is odd.
func ReadInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](r *Reader, to *T) {
	if n, ok := r.integer(); ok {
		*to = T(n)
		r.Require(int64(*to) == n)
	}
}

// ReadUint reads an integer into to. One that does not fit is odd.
func ReadUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](r *Reader, to *T) {
	if n, ok := r.natural(); ok {
		*to = T(n)
		r.Require(uint64(*to) == n)
	}
}

// ReadFloat32 reads a number into to. One that does not fit is odd.
func ReadFloat32[T ~float32](r *Reader, to *T) {
	if f, ok := r.float(32); ok {
		*to = T(f)
	}
}

// ReadFloat64 reads a number into to. One that does not fit is odd.
func ReadFloat64[T ~float64](r *Reader, to *T) {
	if f, ok := r.float(64); ok {
		*to = T(f)
	}
}

// ReadTime reads a time as RFC 3339 has it into to, by time.Time.UnmarshalJSON.
func ReadTime(r *Reader, to *time.Time) {
	b, start := r.data, r.i
	if start >= len(b) || b[start] != '"' {
		r.pass(start)
		return
	}
	end := envelope.PlainEnd(b, start+1)
	if end >= len(b) || b[end] != '"' { // an escape is no time
		r.odd = true
		return
	}
	r.i = end + 1
	r.Require(to.UnmarshalJSON(b[start:r.i]) == nil)
}

// ReadBytes reads bytes in base64 (RFC 4648, section 4) into to, and nil for
// null. An array of numbers, which encoding/json takes as well, is odd.
func ReadBytes[T ~[]byte](r *Reader, to *T) {
	if r.Null() {
		*to = nil
		return
	}
	text, ok := r.text()
	if !ok {
		return
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(b, text)
	r.Require(err == nil)
	*to = b[:n]
}

// ReadRaw reads one value into to as it is written, null as well.
func ReadRaw(r *Reader, to *json.RawMessage) {
	*to = append((*to)[:0], r.value()...)
}

// ReadStd reads one value of any type into to, a pointer, with encoding/json. What
// fails there is odd. A pointer to a field puts all of its struct on the heap, so
// callers read into a variable, which has the field's value before, and assign.
func ReadStd(r *Reader, to any) {
	if value := r.value(); !r.odd {
		r.Require(stdjson.Unmarshal(value, to) == nil)
	}
}

// boolean reads true or false. It returns false, false for null, and if neither
// comes.
func (r *Reader) boolean() (on, ok bool) {
	rest := r.data[r.i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		r.i += 4
		return true, true
	case len(rest) >= 5 && string(rest[:5]) == "false":
		r.i += 5
		return false, true
	}
	r.pass(r.i)
	return false, false
}
