package wsjson

import "slices"

// Keys returns the keys of a map in the order in which encoding/json writes them.
// They are in memory of the Writer's until Done, which has to follow, for the
// innermost map first.
func Keys[M ~map[K]V, K ~string, V any](w *Writer, m M) []string {
	n := len(w.keys)
	for key := range m {
		w.keys = append(w.keys, string(key))
	}
	keys := w.keys[n:]
	slices.Sort(keys)
	return keys
}

// Done gives the keys of a map back, and lets go of them.
func (w *Writer) Done(keys []string) {
	n := len(w.keys) - len(keys)
	clear(w.keys[n:])
	w.keys = w.keys[:n]
	if n == 0 && cap(w.keys) > maxKept/16 { // a string's header has 16 bytes
		w.keys = nil
	}
}

// WriteKey begins a member of a map: a comma unless it is the first, its name and
// a colon.
func WriteKey(w *Writer, key string) {
	if b := w.buf; b[len(b)-1] != '{' {
		w.buf = append(b, ',')
	}
	w.text(key)
	w.buf = append(w.buf, ':')
}
