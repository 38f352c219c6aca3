// Package camel writes a Go name in the other case: for events, for parameters,
// for types of clients. There is one rule, so that they agree.
package camel

import (
	"go/token"
	"strings"
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

// Exported is text as a Go name that other packages see: letters and digits, with a
// capital behind what is neither. history_pages is HistoryPages, and 2fa X2fa.
func Exported(text string) string {
	var name strings.Builder
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		name.WriteString(Upper(word))
	}
	if !token.IsExported(name.String()) {
		return "X" + name.String()
	}
	return name.String()
}

// Package is the name of the Go package in a folder: the letters and digits of the
// folder's. It is "" if that is no name, or one that nobody can import: main, or what
// ends in _test.
func Package(folder string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, folder)
	if !token.IsIdentifier(name) || strings.Trim(name, "_") == "" || name == "main" || strings.HasSuffix(name, "_test") {
		return ""
	}
	return name
}
