package handshake

import "strings"

// extension is one offer of a Sec-WebSocket-Extensions header.
type extension struct {
	name   string
	params []parameter
}

// parameter is a parameter of an extension; quotes are taken off its value.
type parameter struct {
	name, value string
	valued      bool
}

// extensions reads the header's lines (RFC 6455, section 9.1). It returns false
// if they break the grammar: then none of the offers can be relied on.
func extensions(lines []string) (offers []extension, ok bool) {
	h := header{strings.Join(lines, ",")}
	for !h.end() {
		if h.take(',') { // an element of a list may be empty (RFC 9110, section 5.6.1)
			continue
		}
		e := extension{name: h.token()}
		if e.name == "" {
			return nil, false
		}
		for h.take(';') {
			p, ok := h.parameter()
			if !ok {
				return nil, false
			}
			e.params = append(e.params, p)
		}
		if !h.end() && !h.take(',') {
			return nil, false
		}
		offers = append(offers, e)
	}
	return offers, true
}

// header has the rest of a header's value, which is not read yet.
type header struct{ rest string }

// end skips white space, and reports whether nothing follows.
func (h *header) end() bool {
	h.rest = strings.TrimLeft(h.rest, " \t")
	return h.rest == ""
}

// take takes the byte c if it comes next.
func (h *header) take(c byte) bool {
	if h.end() || h.rest[0] != c {
		return false
	}
	h.rest = h.rest[1:]
	return true
}

// token takes a token; "" if none comes next.
func (h *header) token() string {
	if h.end() {
		return ""
	}
	n := 0
	for n < len(h.rest) && tokenByte(h.rest[n]) {
		n++
	}
	token := h.rest[:n]
	h.rest = h.rest[n:]
	return token
}

// parameter takes a parameter, with its value if it has one.
func (h *header) parameter() (p parameter, ok bool) {
	p.name = h.token()
	if p.name == "" || !h.take('=') {
		return p, p.name != ""
	}
	p.valued = true
	if h.take('"') {
		p.value = h.quoted()
	} else {
		p.value = h.token()
	}
	return p, p.value != ""
}

// quoted takes the rest of a quoted string, which must be a token once its
// escapes are resolved; "" if it is none.
func (h *header) quoted() string {
	var value []byte
	for i := 0; i < len(h.rest); i++ {
		c := h.rest[i]
		if c == '"' {
			h.rest = h.rest[i+1:]
			return string(value)
		}
		if c == '\\' && i+1 < len(h.rest) {
			i++
			c = h.rest[i]
		}
		if !tokenByte(c) {
			return ""
		}
		value = append(value, c)
	}
	return ""
}

// tokenByte reports whether c may stand in a token (RFC 9110, section 5.6.2).
func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c != 0 && strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
