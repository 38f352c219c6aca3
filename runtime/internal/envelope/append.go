package envelope

import "encoding/json"

// Begin appends the start of a frame up to the value of data; whatever JSON
// follows, End completes it. id is what Frame.ID holds, nil for none.
func Begin[E string | []byte](dst []byte, event E, id []byte) []byte {
	dst = append(dst, `{"event":`...)
	dst = AppendString(dst, event)
	if id != nil {
		dst = append(dst, `,"id":`...)
		dst = append(dst, id...)
	}
	return append(dst, `,"data":`...)
}

// End appends what follows data.
func End(dst []byte) []byte { return append(dst, '}') }

// AppendString appends s as a JSON string.
func AppendString[S string | []byte](dst []byte, s S) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			quoted, _ := json.Marshal(string(s)) // a string always encodes
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
