package envelope

import "encoding/json"

// BeginEvent appends the start of a frame: what is the same in every one of an
// event. BeginData, the value of data and End follow.
func BeginEvent(dst []byte, event string) []byte {
	return appendString(append(dst, `{"event":`...), event)
}

// BeginData appends what follows BeginEvent, up to the value of data. id is what
// Frame.ID holds, nil for none.
func BeginData(dst, id []byte) []byte {
	if id != nil {
		dst = append(dst, `,"id":`...)
		dst = append(dst, id...)
	}
	return append(dst, `,"data":`...)
}

// End appends what follows data.
func End(dst []byte) []byte { return append(dst, Tail...) }

// What follows data: in a frame that is whole, and in one of a stream that others
// follow.
const (
	Tail     = "}"
	MoreTail = `,"more":true}`
)

// appendString appends s as a JSON string. It looks at s when it stands in dst
// already: nearly always nothing is left to do then.
func appendString(dst []byte, s string) []byte {
	start := len(dst)
	dst = append(dst, '"')
	dst = append(dst, s...)
	if PlainEnd(dst, start+1) < len(dst) {
		quoted, _ := json.Marshal(s) // a string always encodes
		return append(dst[:start], quoted...)
	}
	return append(dst, '"')
}
