package envelope

import "encoding/json"

// Begin appends the start of a frame up to the value of data; whatever JSON
// follows, End completes it. id is what Frame.ID holds, nil for none.
func Begin[E string | []byte](dst []byte, event E, id []byte) []byte {
	return BeginData(BeginEvent(dst, event), id)
}

// BeginEvent appends what is the same in every frame of an event.
func BeginEvent[E string | []byte](dst []byte, event E) []byte {
	return AppendString(append(dst, `{"event":`...), event)
}

// BeginData appends what follows BeginEvent in a frame, up to the value of data.
func BeginData(dst, id []byte) []byte {
	if id != nil {
		dst = append(dst, `,"id":`...)
		dst = append(dst, id...)
	}
	return append(dst, `,"data":`...)
}

// End appends what follows data.
func End(dst []byte) []byte { return append(dst, '}') }

// AppendString appends s as a JSON string. It looks at s when it stands in dst
// already: nearly always nothing is left to do then.
func AppendString[S string | []byte](dst []byte, s S) []byte {
	start := len(dst)
	dst = append(dst, '"')
	dst = append(dst, s...)
	if PlainEnd(dst, start+1) < len(dst) {
		quoted, _ := json.Marshal(string(s)) // a string always encodes
		return append(dst[:start], quoted...)
	}
	return append(dst, '"')
}
