// Package pointer names places in JSON by JSON pointers (RFC 6901), and finds
// the one at which a text does not decode.
package pointer

import "strconv"

// Of returns the pointer of a path of member names.
func Of(names ...string) string {
	var p []byte
	for _, name := range names {
		p = appendName(p, name)
	}
	return string(p)
}

// appendName appends a step to the member of an object (RFC 6901, section 3).
func appendName(p []byte, name string) []byte {
	p = append(p, '/')
	for i := range len(name) {
		switch c := name[i]; c {
		case '~':
			p = append(p, "~0"...)
		case '/':
			p = append(p, "~1"...)
		default:
			p = append(p, c)
		}
	}
	return p
}

// appendIndex appends a step to the element of an array.
func appendIndex(p []byte, i int) []byte {
	return strconv.AppendInt(append(p, '/'), int64(i), 10)
}
