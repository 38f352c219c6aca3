package envelope

// PlainStrings hands out the members of an object of strings without escapes, as the
// meta of a message nearly always is, and reports whether b is one. Then it is JSON: to
// find that out takes a tenth of what encoding/json takes. member may be nil.
func PlainStrings(b []byte, member func(name, text []byte)) bool {
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	i := space(b, 1)
	if i < len(b) && b[i] == '}' {
		return i+1 == len(b)
	}
	for ; ; i = space(b, i+1) {
		name, next := plainText(b, i)
		if name == nil {
			return false
		}
		if i = space(b, next); i >= len(b) || b[i] != ':' {
			return false
		}
		text, next := plainText(b, space(b, i+1))
		if text == nil {
			return false
		}
		if member != nil {
			member(name, text)
		}
		if i = space(b, next); i >= len(b) {
			return false
		}
		switch b[i] {
		case ',':
		case '}':
			return i+1 == len(b)
		default:
			return false
		}
	}
}
