// Package camel writes a Go name in the other case: for events, for parameters,
// for types of clients. There is one rule, so that they agree.
package camel

import (
	"unicode"
	"unicode/utf8"
)

// Lower makes OrderDone orderDone, HTTPError httpError, and ID id.
func Lower(name string) string {
	runes := []rune(name)
	capitals := 0
	for capitals < len(runes) && unicode.IsUpper(runes[capitals]) {
		capitals++
	}
	if capitals > 1 && capitals < len(runes) && unicode.IsLetter(runes[capitals]) {
		capitals-- // the last capital begins the next word
	}
	for i := range capitals {
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}

// Upper is name with a capital first letter.
func Upper(name string) string {
	if name == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}
