package envelope

// ParseAnswer takes apart a message that answers one of the server's own: its id
// is a string that begins with "$". It returns the decoded text of that, and false
// for any other message. The frame has no ID then, and its data is checked.
func ParseAnswer(text []byte) (f Frame, id []byte, ok bool) {
	f, err := parseOdd(text, ownID)
	if err != nil || f.ID == nil {
		return Frame{}, nil, false
	}
	id, f.ID = unquote(f.ID), nil
	return f, id, true
}

// ownID reports whether raw is an id that the server gives, and no client may.
func ownID(raw []byte) bool {
	if raw[0] != '"' {
		return false
	}
	text := unquote(raw)
	return len(text) > 1 && len(text) <= MaxID && text[0] == '$'
}
