package envelope

import (
	"bytes"
	"encoding/json"
)

// parsePlain takes apart a message as nearly every client writes it: an object
// whose member names, event and id have no escapes. It reads each byte once and
// allocates nothing. It leaves everything else to parseOdd, every mistake, too,
// so that one place says what is wrong.
func (f *Frame) parsePlain(b []byte) bool {
	i := space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	for i = space(b, i+1); ; i = space(b, i+1) {
		name, next := plainText(b, i)
		if name == nil {
			return false
		}
		if i = space(b, next); i >= len(b) || b[i] != ':' {
			return false
		}
		i = space(b, i+1)
		end := valueEnd(b, i)
		if end <= i {
			return false
		}
		value := b[i:end]
		if !f.set(name, value) {
			return false
		}
		if i = space(b, end); i >= len(b) {
			return false
		}
		if b[i] == '}' {
			break
		}
		if b[i] != ',' {
			return false
		}
	}
	return f.Event != nil && space(b, i+1) == len(b)
}

// set sets a member. It returns false if the frame has to be left to parseOdd.
func (f *Frame) set(name, value []byte) bool {
	switch string(name) {
	case "data":
		if f.Data != nil {
			return false // the first would not be checked
		}
		f.Data = value
	case "event":
		text, end := plainText(value, 0)
		if text == nil || end != len(value) {
			return false
		}
		f.Event = text
	case "id":
		if !plainNumber(value) && (bytes.IndexByte(value, '\\') >= 0 || !json.Valid(value) || !validID(value)) {
			return false
		}
		f.ID = value
	case "meta":
		f.Meta = value
		return PlainStrings(value, nil) || json.Valid(value)
	default:
		return json.Valid(value)
	}
	return true
}

// plainNumber reports whether raw is a few digits, as most ids are.
func plainNumber(raw []byte) bool {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(raw) <= MaxID && (raw[0] != '0' || len(raw) == 1)
}

// space returns the index of the next byte that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// plainText returns the text of the string that begins at i, and where it
// ends; nil if there is none, or one with escapes or control characters.
func plainText(b []byte, i int) (text []byte, end int) {
	if i >= len(b) || b[i] != '"' {
		return nil, 0
	}
	start := i + 1
	for i = PlainEnd(b, start); i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return b[start:i:i], i + 1
		case c == '\\' || c < ' ':
			return nil, 0
		}
	}
	return nil, 0
}

// valueEnd returns where the value that begins at i ends; 0 if nowhere. It only
// balances: the value may not be JSON.
func valueEnd(b []byte, i int) int {
	if i >= len(b) {
		return 0
	}
	switch b[i] {
	case '"':
		return textEnd(b, i)
	case '{', '[':
		return nestedEnd(b, i)
	}
	for i < len(b) && !ends(b[i]) {
		i++
	}
	return i
}
