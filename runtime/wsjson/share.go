package wsjson

import "unsafe"

// leastShared is the shortest text, in bytes, that is looked at for sharing. A copy
// of a shorter one costs little.
const leastShared = 512

// share returns a long text as a string, in the memory that it lies in if it is most
// of that. So a string keeps at most a third more than its own. The data's memory is
// shared if that is owned. That of a text with escapes is given away.
func (r *Reader) share(text []byte) string {
	place := unsafe.SliceData(text)
	switch {
	case place == unsafe.SliceData(r.scratch):
		if len(text) < cap(r.scratch)/4*3 {
			return string(text)
		}
		r.scratch = nil
	case !r.owned || len(text) < cap(r.data)/4*3:
		return string(text)
	}
	return unsafe.String(place, len(text)) //nolint:gosec // nobody changes the data: ResetOwned
}
