package wsjson

import (
	"strings"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// Skip steps over the value of a member whose name none of the known ones is, and
// checks that it is JSON. A name that is a known one in another case is odd, since
// encoding/json takes it for that. So is one with letters beyond ASCII or escapes,
// which may be one.
func (r *Reader) Skip(known ...string) {
	name := r.Name()
	for _, c := range name {
		if c == '\\' || c >= utf8.RuneSelf {
			r.odd = true
		}
	}
	for _, k := range known {
		// An ASCII letter is at most as long as another that is the same in
		// another case, as the sign of the Kelvin is a k.
		if len(k) >= len(name) && strings.EqualFold(k, string(name)) {
			r.odd = true
		}
	}
	r.value()
}

// value steps over one value, which it checks, and returns it as it is written.
func (r *Reader) value() []byte {
	c := checker{b: r.data, i: r.i}
	if r.odd || !c.value() {
		r.odd = true
		return nil
	}
	value := r.data[r.i:c.i]
	r.i = c.i
	return value
}

// checker steps over JSON, and says whether it is (RFC 8259).
type checker struct {
	b      []byte
	i      int
	spaced bool // there was white space between the tokens
	nested [maxDepth / 64]uint64
	depth  int // bit depth-1 of nested says whether the innermost level is an object
}

// value steps over the value at i. It returns false if there is none, or a deeper
// one than a Reader takes.
func (c *checker) value() bool {
	for {
		inside, ok := c.begin()
		if !ok {
			return false
		}
		if inside {
			continue
		}
		if more, ok := c.next(); !more {
			return ok
		}
	}
}

// begin steps over a scalar, an empty object or an empty array, or into one that
// is not empty: then inside is true, and the next value is due.
func (c *checker) begin() (inside, ok bool) {
	if c.i >= len(c.b) {
		return false, false
	}
	switch ch := c.b[c.i]; ch {
	case '{', '[':
		c.i++
		c.space()
		if c.i < len(c.b) && c.b[c.i] == ch+2 { // } or ]
			c.i++
			return false, true
		}
		return true, c.enter(ch == '{') && (ch == '[' || c.name())
	case '"':
		return false, c.text()
	case 't':
		return false, c.word("true")
	case 'f':
		return false, c.word("false")
	case 'n':
		return false, c.word("null")
	}
	return false, c.number()
}

// next steps from the end of a value to the next one, and reports whether there is
// one. If not, ok says whether all is well.
func (c *checker) next() (more, ok bool) {
	for c.depth > 0 {
		c.space()
		if c.i >= len(c.b) {
			return false, false
		}
		object := c.nested[(c.depth-1)/64]>>((c.depth-1)%64)&1 != 0
		switch ch := c.b[c.i]; {
		case ch == ',':
			c.i++
			c.space()
			ok = !object || c.name()
			return ok, ok
		case ch == '}' && object, ch == ']' && !object:
			c.i++
			c.depth--
		default:
			return false, false
		}
	}
	return false, true
}

// enter notes one level more.
func (c *checker) enter(object bool) bool {
	if c.depth == maxDepth {
		return false
	}
	bit := uint64(1) << (c.depth % 64)
	if c.nested[c.depth/64] &^= bit; object {
		c.nested[c.depth/64] |= bit
	}
	c.depth++
	return true
}

// name steps over the name of a member and the colon, up to its value.
func (c *checker) name() bool {
	if c.i >= len(c.b) || c.b[c.i] != '"' || !c.text() {
		return false
	}
	if c.space(); c.i >= len(c.b) || c.b[c.i] != ':' {
		return false
	}
	c.i++
	c.space()
	return true
}

// text steps over a string.
func (c *checker) text() bool {
	for c.i++; ; {
		c.i, _ = envelope.TextEnd(c.b, c.i)
		switch {
		case c.i >= len(c.b):
			return false
		case c.b[c.i] == '"':
			c.i++
			return true
		case c.b[c.i] != '\\' || !c.escape():
			return false
		}
	}
}

// escape steps over an escape. Half of a surrogate pair is JSON.
func (c *checker) escape() bool {
	rest := c.b[c.i:]
	if len(rest) >= 2 && rest[1] == 'u' {
		c.i += 6
		return hexDigits(rest) >= 0
	}
	_, n := escape(rest)
	c.i += n
	return n > 0
}

// word steps over true, false or null.
func (c *checker) word(w string) bool {
	rest := c.b[c.i:]
	c.i += len(w)
	return len(rest) >= len(w) && string(rest[:len(w)]) == w
}

// number steps over a number.
func (c *checker) number() (ok bool) {
	c.i, ok = numberEnd(c.b, c.i)
	return ok
}

// space steps over white space.
func (c *checker) space() {
	if i := space(c.b, c.i); i > c.i {
		c.i, c.spaced = i, true
	}
}
