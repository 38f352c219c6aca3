package wsjson

// Reader reads data as programs write it: any JSON whose names are known, or
// like no known one in any case, and whose text is whole. It checks all that it
// reads. Anything else is odd, such as a name in another case, half of a surrogate
// pair, a number that does not fit, or a syntax error: then the whole data is left
// to encoding/json, which says what it means.
//
// After something odd there is no next member and no next element, and the values
// read so far are of no use. Of a name that comes twice the last counts, as in
// encoding/json.
//
// Null leaves a value alone, as encoding/json does it to all but pointers, maps,
// slices and interfaces, for which one asks Null before. It is odd on its own, and
// in an object that is read by Next.
//
// The zero Reader has no data, which is odd. A Reader must not be used by two
// goroutines at a time.
type Reader struct {
	data  []byte
	i     int // of the first byte of data that has not been read
	odd   bool
	valid bool // data is UTF-8: the caller has checked it
	owned bool // data never changes any more
	nulls bool // null may come: this is in an object of Object, or an array
	depth int  // of types that reach themselves

	// Where the member's name is: offsets, since a slice here would cost the
	// garbage collector's write barrier for each.
	nameFrom, nameTo int

	scratch []byte // what text with escapes is put together in
}

// maxKept is the most memory, in bytes, that a Reader or Writer keeps of its own
// from one value to the next.
const maxKept = 64 << 10

// Reset begins to read data, which must not change until it has been read. The
// values read before stay good, since strings are copied.
func (r *Reader) Reset(data []byte) {
	r.data, r.i, r.depth, r.nameFrom, r.nameTo = data, 0, 0, 0, 0
	r.odd, r.valid, r.owned, r.nulls = false, false, false, false
}

// ResetUTF8 is Reset for data that is UTF-8. The caller has checked that, so it
// is not checked again: otherwise a string may get what is no text.
func (r *Reader) ResetUTF8(data []byte) {
	r.Reset(data)
	r.valid = true
}

// ResetOwned is ResetUTF8 for data that nobody ever changes again. So a string that
// is most of it needs no memory of its own, and keeps the data in memory instead.
func (r *Reader) ResetOwned(data []byte) {
	r.ResetUTF8(data)
	r.owned = true
}

// Release lets the data go, so that the Reader does not keep it in memory. Only
// Reset may follow.
func (r *Reader) Release() {
	r.data = nil
	if cap(r.scratch) > maxKept {
		r.scratch = nil
	}
}

// Plain reports whether all of the data has been read and none of it was odd.
// Only then do the values that were read count.
func (r *Reader) Plain() bool { return !r.odd && r.i > 0 && r.i == len(r.data) }

// Odd leaves the data to encoding/json.
func (r *Reader) Odd() { r.odd = true }

// Require leaves the data to encoding/json unless ok.
func (r *Reader) Require(ok bool) { r.odd = r.odd || !ok }

// Bare reports whether data is a value on its own, and no object.
func (r *Reader) Bare() bool { return len(r.data) > 0 && r.data[0] != '{' }

// Name returns the name of the member that Object, More or Next stepped to, as it
// is written, until the next of these calls. A name with an escape is odd for
// Next and Skip, and Key reads it.
func (r *Reader) Name() []byte { return r.data[r.nameFrom:r.nameTo] }

// Next steps to the next member of the one object that is all of the data, whose
// value must be read then, and reports whether there is one. It serves files that
// were generated before there was Object, and handlers' named parameters.
func (r *Reader) Next() bool {
	if r.odd {
		return false
	}
	r.nulls = false
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
		if i < len(b) && b[i] == '\\' && r.nulls {
			i = pastEscapes(b, i)
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

// pastEscapes returns where the quote is at the end of a string that has escapes
// from i on; len(b) or more if nowhere. It checks nothing: Key does, and Skip
// takes none.
func pastEscapes(b []byte, i int) int {
	for i < len(b) && b[i] != '"' {
		if b[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

// space returns where the next byte from i on is that is no white space.
func (r *Reader) space(i int) int { return space(r.data, i) }

// space returns where the next byte from i on is that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}
