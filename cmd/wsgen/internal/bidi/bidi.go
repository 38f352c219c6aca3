// Package bidi shows the characters that change the order in which text is drawn. Raw
// ones make a comment of somebody's look like code, or code like a comment, to whoever
// reviews a generated file or a terminal (https://trojansource.codes).
package bidi

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// control reports whether r is a control of the bidirectional algorithm (UAX #9,
// section 2).
func control(r rune) bool {
	switch {
	case r == 0x061c, r == 0x200e, r == 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return true
	}
	return false
}

// Shown is text with each control as an escape of Go, JSON and JavaScript alike:
// \u202e. In a string of theirs that is the same, and in a comment it is to be seen.
func Shown(text string) string {
	if !strings.ContainsFunc(text, control) {
		return text
	}
	var out strings.Builder
	for i, r := range text {
		switch {
		case control(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default: // what is no UTF-8 stays as it is
			_, size := utf8.DecodeRuneInString(text[i:])
			out.WriteString(text[i : i+size])
		}
	}
	return out.String()
}

// ShownBytes is Shown of text, which it does not change.
func ShownBytes(text []byte) []byte {
	if !bytes.ContainsFunc(text, control) {
		return text
	}
	return []byte(Shown(string(text)))
}

// Writer writes what is Shown to To. Each Write has whole characters.
type Writer struct{ To io.Writer }

// Write reports the length of p if all of what is shown was written.
func (w Writer) Write(p []byte) (int, error) {
	if _, err := w.To.Write(ShownBytes(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
