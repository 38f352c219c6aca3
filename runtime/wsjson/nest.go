package wsjson

import "bytes"

// This file steps through objects in objects and arrays. A Reader keeps nothing
// for each level: the place where it is says all, so functions that read nested
// types call each other.

// Object steps into the object that comes next, to its first member, whose value
// must be read then. It returns false if there is none, or null in its place. So
// all of an object is read by
//
//	for more := r.Object(); more; more = r.More() {…}
func (r *Reader) Object() bool {
	i := r.space(r.i)
	if r.odd || i >= len(r.data) || r.data[i] != '{' {
		r.pass(i)
		return false
	}
	r.nulls = true
	if i = r.space(i + 1); i < len(r.data) && r.data[i] == '}' {
		r.i = i + 1
		return false
	}
	return r.member(i)
}

// More steps to the next member of an object of Object, and reports whether there
// is one.
func (r *Reader) More() bool {
	if i := r.space(r.i); i < len(r.data) && !r.odd {
		switch r.data[i] {
		case ',':
			return r.member(r.space(i + 1))
		case '}':
			r.i = i + 1
			return false
		}
	}
	r.odd = true
	return false
}

// Key returns Name as the key of a map, with what its escapes stand for. It must
// be called before the member's value is read.
func (r *Reader) Key() string {
	text, end := r.textAt(r.nameFrom)
	if end != r.nameTo {
		r.odd = true
		return ""
	}
	return string(text)
}

// Array steps into the array that comes next, to its first element, which must be
// read then. It returns false if there is none. Null is odd: ask Null before.
func (r *Reader) Array() bool {
	i := r.space(r.i)
	if r.odd || i >= len(r.data) || r.data[i] != '[' {
		r.odd = true
		return false
	}
	r.nulls = true
	i = r.space(i + 1)
	if r.i = i; i < len(r.data) && r.data[i] == ']' {
		r.i = i + 1
		return false
	}
	return true
}

// Elem steps to the next element of an array of Array, and reports whether there
// is one.
func (r *Reader) Elem() bool {
	if i := r.space(r.i); i < len(r.data) && !r.odd {
		switch r.data[i] {
		case ',':
			r.i = r.space(i + 1)
			return true
		case ']':
			r.i = i + 1
			return false
		}
	}
	r.odd = true
	return false
}

// Null reads null if that comes next, and reports whether it did. A pointer, map
// or slice is nil then.
func (r *Reader) Null() bool {
	if r.i >= len(r.data) || r.data[r.i] != 'n' {
		return false
	}
	r.pass(r.i)
	return true
}

// pass reads null at i, which leaves a value alone. All else is odd, and null
// where it may not come.
func (r *Reader) pass(i int) {
	if rest := r.data[i:]; r.nulls && len(rest) >= 4 && string(rest[:4]) == "null" {
		r.i = i + 4
		return
	}
	r.odd = true
}

// maxDepth is how deep types that reach themselves may be nested, and how deep
// what is skipped. encoding/json refuses what is deeper than 10 000 in all.
const maxDepth = 512

// Enter steps into a value of a type that reaches itself. It returns false if
// that is too deep, which is odd. Every function that reads such a type calls it,
// those for slices and maps of it as well, and Leave at its end.
func (r *Reader) Enter() bool {
	r.depth++
	r.Require(r.depth <= maxDepth)
	return !r.odd
}

// Leave steps out of a value that Enter stepped into.
func (r *Reader) Leave() { r.depth-- }

// Pos returns how much of the data has been read, in bytes.
func (r *Reader) Pos() int { return r.i }

// maxGuess is how many bytes Guess makes room for at most: data may lie.
const maxGuess = 8 << 10

// Guess returns how many elements of size bytes a slice should have room for. The
// first of them has been read, and begins at start, which Pos has told. That is
// at least 1, and room for no more than 8 KiB, however long the data is.
func (r *Reader) Guess(start, size int) int {
	most := max(1, maxGuess/max(1, size))
	if r.odd || start < 0 || start > r.i {
		return 1
	}
	first, rest := r.data[start:r.i], r.data[r.i:]
	each := len(first) + 1 // with the comma
	if len(rest)/each >= most {
		rest = rest[:each*most]
	}
	if bytes.IndexByte(first, ']') < 0 { // else the next one may be of an element
		if end := bytes.IndexByte(rest, ']'); end >= 0 {
			rest = rest[:end]
		}
	}
	return min(most, 1+(len(rest)+each/2)/each)
}
