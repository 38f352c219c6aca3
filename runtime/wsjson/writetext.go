package wsjson

import (
	"strings"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// hex are the digits of an escape.
const hex = "0123456789abcdef"

// text writes a string. It appends s first and looks at it afterwards, since
// there is nearly always nothing to escape.
func (w *Writer) text(s string) {
	b := w.buf
	b = append(b, '"')
	start := len(b)
	b = append(b, s...)
	if plain := envelope.PlainEnd(b, start); plain < len(b) {
		b = appendRich(b, s[plain-start:])
	}
	b = append(b, '"')
	w.buf = b
}

// appendRich appends a text that has escapes or letters beyond ASCII to b, which
// ends with it as it is, without its quotes. It copies what is between two escapes
// as one.
func appendRich(b []byte, s string) []byte {
	checked := false
	i, ascii := envelope.StringEnd(s, 0)
	b = b[:len(b)-len(s)+i] // up to the first escape
	for from := 0; ; {
		if !ascii && !checked {
			if rest := s[from:]; !utf8.ValidString(rest) || hasLineEnd(rest) {
				return appendRunes(b[:len(b)-(i-from)], rest)
			}
			checked = true
		}
		if i == len(s) {
			return b
		}
		if c := s[i]; c == '"' || c == '\\' {
			b = append(b, '\\', c) // most are one of these
		} else {
			b = appendEscape(b, c)
		}
		from, ascii = i+1, true
		i = from
		for stop := min(len(s), from+fewLetters); i < stop && isPlain(s[i]); {
			i++
		}
		if i == from+fewLetters || i < len(s) && s[i] >= utf8.RuneSelf {
			i, ascii = envelope.StringEnd(s, i)
		}
		b = append(b, s[from:i]...)
	}
}

// fewLetters is how many bytes behind an escape are looked at one by one: where
// there is one there are often more.
const fewLetters = 8

// isPlain reports whether c stands for itself in a JSON string, and is ASCII.
func isPlain(c byte) bool { return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' }

// appendEscape appends the escape of a byte that does not stand for itself.
func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// appendRunes appends a text rune by rune: it is not UTF-8, or has letters that
// are escaped for JavaScript.
func appendRunes(b []byte, s string) []byte {
	for len(s) > 0 {
		c, size := utf8.DecodeRuneInString(s)
		switch {
		case c == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case c == '\u2028' || c == '\u2029':
			b = append(b, `\u202`...)
			b = append(b, hex[c&15])
		case c < ' ' || c == '"' || c == '\\':
			b = appendEscape(b, byte(c))
		default:
			b = append(b, s[:size]...)
		}
		s = s[size:]
	}
	return b
}

// hasLineEnd reports whether s has U+2028 or U+2029, which end lines in JavaScript
// and not in JSON.
func hasLineEnd(s string) bool {
	return strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029")
}
