package envelope

import "encoding/json"

// BeginEvent appends the front of an event, with which each of its frames
// begins. BeginData, the value of data and End follow.
func BeginEvent(dst []byte, event string) []byte {
	return appendString(append(dst, `{"event":`...), event)
}

// BeginData appends the text behind BeginEvent's, up to the value of data. id
// is as in Frame.ID, nil for none.
func BeginData(dst, id []byte) []byte {
	if id != nil {
		dst = append(dst, `,"id":`...)
		dst = append(dst, id...)
	}
	return append(dst, `,"data":`...)
}

// End appends the text behind data.
func End(dst []byte) []byte { return append(dst, Tail...) }

// The texts behind data: of a frame that is whole, and of one of a stream that
// others follow.
const (
	Tail     = "}"
	MoreTail = `,"more":true}`
)

// appendString appends s as a JSON string. It looks at s when that stands in
// dst already: nearly always nothing is left to do then.
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
