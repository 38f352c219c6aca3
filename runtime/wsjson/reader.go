package wsjson

import (
	"strconv"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// Reader reads data that is written plainly: an object, or a lone value, of
// strings without escapes, numbers and booleans, and names that are known and
// spelled exactly. It checks all that it reads. Anything else is odd: then the
// whole data is left to encoding/json, which says what it means.
//
// After something odd Next returns false, and the values read so far are of no
// use. Of a name that comes twice the last counts, as in encoding/json.
//
// The zero Reader has no data, which is odd. A Reader must not be used by two
// goroutines at a time.
type Reader struct {
	data []byte
	i    int // of the first byte of data that has not been read
	odd  bool

	// Where the member's name is: offsets, since a slice here would cost the
	// garbage collector's write barrier for each.
	nameFrom, nameTo int
}

// Reset begins to read data, which must not change until it has been read. The
// values read before stay good, since strings are copied.
func (r *Reader) Reset(data []byte) { *r = Reader{data: data} }

// Release lets the data go, so that the Reader does not keep it in memory. Only
// Reset may follow.
func (r *Reader) Release() { r.data = nil }

// Plain reports whether all of the data has been read and none of it was odd.
// Only then do the values that were read count.
func (r *Reader) Plain() bool { return !r.odd && r.i > 0 && r.i == len(r.data) }

// Odd leaves the data to encoding/json.
func (r *Reader) Odd() { r.odd = true }

// Require leaves the data to encoding/json unless ok.
func (r *Reader) Require(ok bool) { r.odd = r.odd || !ok }

// Bare reports whether data is a value on its own, and no object.
func (r *Reader) Bare() bool { return len(r.data) > 0 && r.data[0] != '{' }

// Name returns the name of the member that Next stepped to, until the next call.
func (r *Reader) Name() []byte { return r.data[r.nameFrom:r.nameTo] }

// Next steps to the next member of the object, whose value must be read then,
// and reports whether there is one.
func (r *Reader) Next() bool {
	if r.odd {
		return false
	}
	first := r.i == 0
	i := r.space(r.i)
	if i >= len(r.data) {
		r.odd = true
		return false
	}
	switch c := r.data[i]; {
	case first && c == '{':
		if i = r.space(i + 1); i < len(r.data) && r.data[i] == '}' {
			r.i = i + 1
			return false
		}
	case !first && c == ',':
		i = r.space(i + 1)
	case !first && c == '}':
		r.i = i + 1
		return false
	default:
		r.odd = true
		return false
	}
	return r.member(i)
}

// member reads the name at i, and the colon behind it.
func (r *Reader) member(i int) bool {
	b := r.data
	if i < len(b) && b[i] == '"' {
		start := i + 1
		for i = start; i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' '; {
			i++
		}
		if i < len(b) && b[i] == '"' {
			r.nameFrom, r.nameTo = start, i
			if i = r.space(i + 1); i < len(b) && b[i] == ':' {
				r.i = r.space(i + 1)
				return true
			}
		}
	}
	r.odd = true
	return false
}

// space returns where the next byte from i on is that is no white space.
func (r *Reader) space(i int) int {
	for i < len(r.data) && r.data[i] <= ' ' && (r.data[i] == ' ' || r.data[i] == '\t' || r.data[i] == '\n' || r.data[i] == '\r') {
		i++
	}
	return i
}

// ReadString reads a string into to.
func ReadString[T ~string](r *Reader, to *T) { *to = T(r.text()) }

// ReadBool reads true or false into to.
func ReadBool[T ~bool](r *Reader, to *T) { *to = T(r.boolean()) }

// ReadInt reads an integer into to. One that does not fit is odd.
func ReadInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](r *Reader, to *T) {
	n := r.integer()
	*to = T(n)
	r.Require(int64(*to) == n)
}

// ReadUint reads an integer into to. One that does not fit is odd.
func ReadUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](r *Reader, to *T) {
	n := r.digits()
	*to = T(n)
	r.Require(uint64(*to) == n)
}

// ReadFloat32 reads a number into to. One that does not fit is odd.
func ReadFloat32[T ~float32](r *Reader, to *T) { *to = T(r.float(32)) }

// ReadFloat64 reads a number into to. One that does not fit is odd.
func ReadFloat64[T ~float64](r *Reader, to *T) { *to = T(r.float(64)) }

// text reads a string, and copies its bytes: data may be used again.
func (r *Reader) text() string {
	start := r.i + 1
	if r.i >= len(r.data) || r.data[r.i] != '"' {
		r.odd = true
		return ""
	}
	end := envelope.PlainEnd(r.data, start)
	ascii := true
	for end < len(r.data) && r.data[end] >= utf8.RuneSelf {
		ascii = false
		end = envelope.PlainEnd(r.data, end+1)
	}
	if end >= len(r.data) || r.data[end] != '"' || !ascii && !utf8.Valid(r.data[start:end]) {
		r.odd = true
		return ""
	}
	r.i = end + 1
	return string(r.data[start:end])
}

// boolean reads true or false.
func (r *Reader) boolean() bool {
	rest := r.data[r.i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		r.i += 4
		return true
	case len(rest) >= 5 && string(rest[:5]) == "false":
		r.i += 5
	default:
		r.odd = true
	}
	return false
}

// integer reads a number without fraction and exponent. It stops behind the
// digits, and the next step takes a fraction or exponent there for odd.
func (r *Reader) integer() int64 {
	negative := r.i < len(r.data) && r.data[r.i] == '-'
	if negative {
		r.i++
	}
	n := r.digits()
	if negative {
		r.Require(n <= 1<<63)
		return -int64(n)
	}
	r.Require(n < 1<<63)
	return int64(n)
}

// digits reads digits as JSON writes them. It reads at most 19, which fit a
// uint64.
func (r *Reader) digits() uint64 {
	start, n := r.i, uint64(0)
	for r.i < len(r.data) && r.data[r.i]-'0' <= 9 && r.i < start+20 {
		n = n*10 + uint64(r.data[r.i]-'0')
		r.i++
	}
	digits := r.i - start
	r.Require(digits > 0 && digits < 20 && (digits == 1 || r.data[start] != '0'))
	return n
}

// float reads a number as JSON writes it.
func (r *Reader) float(bits int) float64 {
	start := r.i
	if r.i < len(r.data) && r.data[r.i] == '-' {
		r.i++
	}
	if r.i < len(r.data) && r.data[r.i] == '0' {
		r.i++
	} else {
		r.someDigits()
	}
	if r.i < len(r.data) && r.data[r.i] == '.' {
		r.i++
		r.someDigits()
	}
	if r.i < len(r.data) && r.data[r.i]|0x20 == 'e' {
		r.i++
		if r.i < len(r.data) && (r.data[r.i] == '+' || r.data[r.i] == '-') {
			r.i++
		}
		r.someDigits()
	}
	if r.odd {
		return 0
	}
	f, err := strconv.ParseFloat(string(r.data[start:r.i]), bits)
	r.Require(err == nil)
	return f
}

// someDigits reads at least one digit.
func (r *Reader) someDigits() {
	start := r.i
	for r.i < len(r.data) && r.data[r.i]-'0' <= 9 {
		r.i++
	}
	r.Require(r.i > start)
}
