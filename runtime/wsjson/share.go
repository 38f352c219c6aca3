package wsjson

import "unsafe"

// leastShared is the shortest text, in bytes, that is looked at for sharing. A copy
// of a shorter one costs little.
const leastShared = 512

// share returns a text of the data, which is owned, as a string. One that is most of
// the data lies in the data's own memory, which it keeps: at most a third more than
// its own. What was put together in scratch is copied, since that is used again.
func (r *Reader) share(text []byte) string {
	place := unsafe.SliceData(text)
	if len(text) < cap(r.data)/4*3 || place == unsafe.SliceData(r.scratch) {
		return string(text)
	}
	return unsafe.String(place, len(text)) //nolint:gosec // nobody changes the data: ResetOwned
}
