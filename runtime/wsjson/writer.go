package wsjson

import "strconv"

// Writer writes values as JSON, byte for byte as encoding/json writes them with
// SetEscapeHTML(false). A value that has no JSON, as NaN, makes all that was
// written invalid. Then encoding/json says what is wrong with it.
//
// The zero Writer is ready to use. A Writer must not be used by two goroutines
// at a time.
type Writer struct {
	buf     []byte
	invalid bool
	keys    []string // of the maps that are being written, the innermost last
	last    int      // how long the text was that took the buffer along
	depth   int      // of types that reach themselves
}

// AvailableBuffer returns the Writer's memory, empty. A caller may append to it
// and give the result to Reset, which overwrites the values written before.
func (w *Writer) AvailableBuffer() []byte {
	if w.buf == nil && w.last > 0 {
		// The next text is likely to be as long, and growing up to that by append
		// takes a dozen allocations.
		w.buf = room(w.last + w.last/8)
	}
	return w.buf[:0]
}

// Reset has the Writer append to buf, whose memory is the Writer's until the
// next Reset. Nil takes the Writer's memory away from it.
func (w *Writer) Reset(buf []byte) {
	w.invalid, w.depth = false, 0
	if buf == nil {
		w.last = len(w.buf)
	}
	w.buf = buf
	if len(w.keys) > 0 { // a MarshalJSON has panicked
		clear(w.keys)
		w.keys = w.keys[:0]
	}
}

// Release lets memory go that is too much to be kept until the Writer is used again.
// Another Writer gets it, so what Bytes returned counts no more. Only Reset may follow.
func (w *Writer) Release() {
	if cap(w.buf) > maxKept {
		long := w.buf
		w.Reset(nil)
		giveBack(long)
	}
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

// Lit writes text as it is: brackets, commas, and names that are always there.
func (w *Writer) Lit(text string) { w.buf = append(w.buf, text...) }

// Member begins a member of an object as Lit does, with its name, quotes and
// colon, and has a comma in front unless it is the first.
func (w *Writer) Member(text string) {
	b := w.buf
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	w.buf = append(b, text...)
}

// Enter steps into a value of a type that reaches itself. It returns false if that
// is too deep: then encoding/json says whether the value contains itself. Every
// function that writes such a type calls it, and Leave at its end.
func (w *Writer) Enter() bool {
	w.depth++
	w.invalid = w.invalid || w.depth > maxDepth
	return !w.invalid
}

// Leave steps out of a value that Enter stepped into.
func (w *Writer) Leave() { w.depth-- }

// Null writes null.
func (w *Writer) Null() { w.buf = append(w.buf, "null"...) }

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
		w.Null()
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
