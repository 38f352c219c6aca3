package wsjson

import (
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// text reads a string. It returns false if there is none, because null came or
// something odd. What it returns is in the data, or in memory that the next call
// uses again.
func (r *Reader) text() ([]byte, bool) {
	if r.i >= len(r.data) || r.data[r.i] != '"' {
		r.pass(r.i)
		return nil, false
	}
	text, end := r.textAt(r.i + 1)
	if end < 0 {
		r.odd = true
		return nil, false
	}
	r.i = end + 1
	return text, true
}

// textAt returns the text of the string that begins at start, behind its quote,
// and where the quote at its end is; -1 if it is odd.
func (r *Reader) textAt(start int) (text []byte, end int) {
	if end = envelope.PlainEnd(r.data, start); end < len(r.data) && r.data[end] == '"' {
		return r.data[start:end], end
	}
	return r.richText(start, end)
}

// richText is textAt for a string that has letters beyond ASCII or escapes, of
// which the first is at i.
func (r *Reader) richText(start, i int) (text []byte, end int) {
	b := r.data
	end, ascii := envelope.TextEnd(b, i)
	text = b[start:end]
	if end < len(b) && b[end] == '\\' {
		text, end, ascii = r.unescape(start, end, ascii)
	}
	if end < 0 || end >= len(b) || b[end] != '"' || !ascii && !r.valid && !utf8.Valid(text) {
		return nil, -1
	}
	return text, end
}

// unescape is richText from the first backslash on, which is at i. The text is
// put together run by run, in memory that is used again.
func (r *Reader) unescape(start, i int, ascii bool) (text []byte, end int, plain bool) {
	b := r.data
	if text = r.scratch[:0]; len(b)-start > cap(text) {
		// To grow run by run would take several times the memory of a long text.
		if raw := b[start:min(len(b), envelope.QuoteFrom(b, i))]; len(raw) > cap(text) {
			text = append(text, raw...)[:0]
		}
	}
	text = append(text, b[start:i]...)
	for i < len(b) && b[i] == '\\' {
		c, n := escape(b[i:])
		if n == 0 {
			return nil, -1, false
		}
		if c < utf8.RuneSelf {
			text = append(text, byte(c))
		} else {
			text = utf8.AppendRune(text, c)
		}
		i += n
		next, letters := envelope.TextEnd(b, i)
		text = append(text, b[i:next]...)
		i, ascii = next, ascii && letters
	}
	r.scratch = text
	return text, i, ascii
}

// escape returns what the escape stands for that b begins with, and its length; 0
// if it stands for nothing, or is half of a surrogate pair.
func escape(b []byte) (c rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'u':
		return escapedRune(b)
	}
	return 0, 0
}

// Of a surrogate pair (RFC 8259, section 7) the first half has the high ten bits
// behind highHalf, and the second the low ones behind lowHalf.
const (
	highHalf  = 0xd800
	lowHalf   = 0xdc00
	afterHalf = 0xe000
	afterBMP  = 0x10000
)

// escapedRune is escape for \u and four digits, and a second one of these if it
// takes both.
func escapedRune(b []byte) (c rune, n int) {
	c = hexDigits(b)
	switch {
	case c < 0 || c >= lowHalf && c < afterHalf:
		return 0, 0
	case c < highHalf || c >= afterHalf:
		return c, 6
	case len(b) < 12 || b[6] != '\\' || b[7] != 'u':
		return 0, 0
	}
	low := hexDigits(b[6:])
	if low < lowHalf || low >= afterHalf {
		return 0, 0
	}
	return afterBMP + (c-highHalf)<<10 + (low - lowHalf), 12
}

// hexDigits returns the number that the digits behind \u are; -1 if it has not
// four.
func hexDigits(b []byte) rune {
	if len(b) < 6 {
		return -1
	}
	n := rune(0)
	for _, c := range b[2:6] {
		switch {
		case c-'0' <= 9:
			n = n<<4 | rune(c-'0')
		case c|0x20-'a' <= 5:
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return n
}
