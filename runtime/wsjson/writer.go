package wsjson

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// Writer writes values as JSON, byte for byte as encoding/json writes them with
// SetEscapeHTML(false). A value that has no JSON, as NaN, makes all that was
// written invalid. Then encoding/json says what is wrong with it.
//
// The zero Writer is ready to use. A Writer must not be used by two goroutines
// at a time.
type Writer struct {
	buf     []byte
	invalid bool
}

// AvailableBuffer returns the Writer's memory, empty. A caller may append to it
// and give the result to Reset, which overwrites the values written before.
func (w *Writer) AvailableBuffer() []byte { return w.buf[:0] }

// Reset has the Writer append to buf, whose memory is the Writer's until the
// next Reset.
func (w *Writer) Reset(buf []byte) {
	w.invalid = false
	w.buf = buf
}

// Bytes returns the bytes that Reset was given and those written since. They are
// in the memory that the next Reset gives away.
func (w *Writer) Bytes() []byte { return w.buf }

// Valid reports whether every value had JSON. Bytes counts only then.
func (w *Writer) Valid() bool { return !w.invalid }

// Begin begins an object.
func (w *Writer) Begin() { w.buf = append(w.buf, '{') }

// Name begins a member of the object. The name must not need escapes.
func (w *Writer) Name(name string) {
	b := w.buf
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	w.buf = b
}

// End ends the object.
func (w *Writer) End() { w.buf = append(w.buf, '}') }

// WriteString writes a string.
func WriteString[T ~string](w *Writer, v T) { w.text(string(v)) }

// WriteBool writes true or false.
func WriteBool[T ~bool](w *Writer, v T) { w.buf = strconv.AppendBool(w.buf, bool(v)) }

// WriteInt writes an integer.
func WriteInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](w *Writer, v T) {
	w.buf = strconv.AppendInt(w.buf, int64(v), 10)
}

// WriteUint writes an integer.
func WriteUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](w *Writer, v T) {
	w.buf = strconv.AppendUint(w.buf, uint64(v), 10)
}

// WriteFloat32 writes a number. NaN and infinities have no JSON.
func WriteFloat32[T ~float32](w *Writer, v T) { w.float(float64(v), 32) }

// WriteFloat64 writes a number. NaN and infinities have no JSON.
func WriteFloat64[T ~float64](w *Writer, v T) { w.float(float64(v), 64) }

// WriteSlice writes an array, whose elements write writes, or null for a nil
// slice.
func WriteSlice[S ~[]T, T any](w *Writer, v S, write func(*Writer, T)) {
	if v == nil {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.buf = append(w.buf, '[')
	for i := range v {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		write(w, v[i])
	}
	w.buf = append(w.buf, ']')
}

// text writes a string. It appends s first and looks at it afterwards, since
// there is nearly always nothing to escape.
func (w *Writer) text(s string) {
	b := w.buf
	b = append(b, '"')
	start := len(b)
	b = append(b, s...)
	if plain := envelope.PlainEnd(b, start); plain < len(b) {
		b = appendEscaped(b[:plain], s[plain-start:])
	}
	b = append(b, '"')
	w.buf = b
}

// appendEscaped appends the text of a JSON string, without its quotes.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for len(s) > 0 {
		c, size := utf8.DecodeRuneInString(s)
		switch {
		case c == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c == '\u2028' || c == '\u2029': // line ends in JavaScript, not in JSON
			b = append(b, `\u202`...)
			b = append(b, hex[c&15])
		default:
			b = append(b, s[:size]...)
		}
		s = s[size:]
	}
	return b
}

// float writes a number as JavaScript does. Below small and from large on it has
// an exponent, which has no leading zero.
func (w *Writer) float(v float64, bits int) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		w.invalid = true
		return
	}
	small, large := 1e-6, 1e21
	if bits == 32 {
		small, large = float64(float32(1e-6)), float64(float32(1e21))
	}
	if abs := math.Abs(v); abs == 0 || abs >= small && abs < large {
		w.buf = strconv.AppendFloat(w.buf, v, 'f', -1, bits)
		return
	}
	w.buf = strconv.AppendFloat(w.buf, v, 'e', -1, bits)
	if n := len(w.buf); w.buf[n-2] == '0' && w.buf[n-3] == '-' {
		w.buf = append(w.buf[:n-2], w.buf[n-1])
	}
}
