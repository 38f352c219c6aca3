package wsjson

// This file reads numbers and booleans in quotes, as the option ",string" of a
// field has them. Null leaves the value alone. Anything else is odd, such as null
// in quotes, or a number that is written as Go has it and JSON has not.

// QuotedBool reads "true" or "false" into to.
func QuotedBool[T ~bool](r *Reader, to *T) {
	if r.opening() {
		ReadBool(r, to)
		r.closing()
	}
}

// QuotedInt reads an integer in quotes into to.
func QuotedInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](r *Reader, to *T) {
	if r.opening() {
		ReadInt(r, to)
		r.closing()
	}
}

// QuotedUint reads an integer in quotes into to.
func QuotedUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](r *Reader, to *T) {
	if r.opening() {
		ReadUint(r, to)
		r.closing()
	}
}

// QuotedFloat32 reads a number in quotes into to.
func QuotedFloat32[T ~float32](r *Reader, to *T) {
	if r.opening() {
		ReadFloat32(r, to)
		r.closing()
	}
}

// QuotedFloat64 reads a number in quotes into to.
func QuotedFloat64[T ~float64](r *Reader, to *T) {
	if r.opening() {
		ReadFloat64(r, to)
		r.closing()
	}
}

// opening reads a quote with something else than null behind it. It returns false
// for null, and if no quote comes.
func (r *Reader) opening() bool {
	if rest := r.data[r.i:]; len(rest) < 2 || rest[0] != '"' || rest[1] == 'n' {
		r.pass(r.i)
		return false
	}
	r.i++
	return true
}

// closing reads a quote.
func (r *Reader) closing() {
	if r.i >= len(r.data) || r.data[r.i] != '"' {
		r.odd = true
		return
	}
	r.i++
}
