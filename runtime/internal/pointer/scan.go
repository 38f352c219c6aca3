package pointer

import "encoding/json"

// This file steps over JSON that is known to be valid, so it checks nothing but
// the end of the text.

// space returns where the next byte from i on is that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd returns where the string that begins at i ends.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(b))
}

// valueEnd returns where the value that begins at i ends.
func valueEnd(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
			continue // inside, since no value begins so
		default:
			i = wordEnd(b, i)
		}
		if depth <= 0 {
			return i
		}
	}
	return len(b)
}

// wordEnd returns where a number, true, false or null ends.
func wordEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case ',', ':', '}', ']', ' ', '\t', '\n', '\r':
			return i
		}
	}
	return i
}

// itemEnd returns where the element that begins at i ends, or the member, whose
// name comes first.
func itemEnd(b []byte, i int, member bool) int {
	if member {
		i = valueOf(b, i)
	}
	return valueEnd(b, i)
}

// valueOf returns where the value of the member that begins at i begins.
func valueOf(b []byte, i int) int {
	i = space(b, stringEnd(b, i))
	return space(b, i+1) // behind the colon
}

// nextItem returns where the item behind the one that ended at i begins, or
// else where the container is closed.
func nextItem(b []byte, i int) int {
	if i = space(b, i); i < len(b) && b[i] == ',' {
		i = space(b, i+1)
	}
	return i
}

// nameAt returns the decoded name of the member that begins at i.
func nameAt(b []byte, i int) (name string) {
	_ = json.Unmarshal(b[i:stringEnd(b, i)], &name) // a string of valid JSON decodes
	return name
}

// Kind returns what a value is in JSON: "object", "array", "string", "bool",
// "number" or "null".
func Kind(value []byte) string {
	if len(value) == 0 {
		return "null"
	}
	switch value[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number"
}
