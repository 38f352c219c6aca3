package directive

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// prefix begins every directive.
const prefix = "//ws:"

// Mentioned reports whether src may hold a directive or something that looks
// like one. It is a cheap test on the text, which may also say yes to a string.
func Mentioned(src []byte) bool {
	for rest := src; ; {
		i := bytes.IndexByte(rest, '/')
		if i < 0 || i == len(rest)-1 {
			return false
		}
		rest = rest[i+1:]
		if rest[0] == '/' || rest[0] == '*' {
			if _, _, ok := open(rest[1:]); ok {
				return true
			}
		}
	}
}

// form is how much a comment looks like a directive.
type form uint8

const (
	prose form = iota // not at all
	miss              // like one that is misspelt
	exact             // it is one, known or not
)

// opening is how a comment begins that may be a directive.
type opening struct {
	tight bool // nothing visible but a sign stands before the tool's name
	sign  bool // a sign that other tools have, as in @ws: or +ws:
	long  bool // the tool is called wsgen
	colon bool // a colon follows, ASCII's or one that looks like it; else another sign, or a space
	odd   bool // more is wrong than spaces and the case of letters
}

// open reads how a comment begins, behind its slashes, up to the tool's name and
// what separates that from the directive's. ok is false if it is prose already.
func open(body []byte) (o opening, rest []byte, ok bool) {
	o.tight = true
	if bytes.HasPrefix(body, []byte("/")) || bytes.HasPrefix(body, []byte("*")) {
		body, o.sign = body[1:], true // ///ws: and /**ws:
	}
	for len(body) > 0 {
		r, n := utf8.DecodeRune(body)
		switch {
		case blank(r):
			o.tight = false
		case r == '@' || r == '+' || r == '#' || r == '!':
			o.sign = true
		case !unseen(r):
			n = 0
		}
		if n == 0 {
			break
		}
		body = body[n:]
	}
	if body, ok = cutFold(body, "ws"); !ok {
		return o, nil, false
	}
	body, o.long = cutFold(body, "gen")
	if behind := bytes.TrimLeft(body, " \t"); len(behind) < len(body) {
		if r, _ := utf8.DecodeRune(behind); isColon(r) {
			body, o.odd = behind, true
		}
	}
	r, n := utf8.DecodeRune(body)
	for unseen(r) && !unicode.IsSpace(r) {
		body = body[n:]
		r, n = utf8.DecodeRune(body)
	}
	switch {
	case r == ':':
		o.colon = true
	case isColon(r):
		o.colon, o.odd = true, true
	case n > 0 && o.tight && !o.sign && (strings.ContainsRune(".;,-_/=|", r) || unicode.IsSpace(r) && r != '\n' && r != '\r'):
		o.odd = true
	default:
		return o, nil, false
	}
	o.odd = o.odd || o.sign || o.long
	return o, body[n:], true
}

// isColon reports whether r is a colon, or looks like one.
func isColon(r rune) bool {
	return strings.ContainsRune(":\uff1a\ufe55\ufe13\u2236\ua789\u02d0", r) // ASCII's, full width, small, vertical, ratio, letter, length
}

// cutFold is b without the word that it begins with, in any case.
func cutFold(b []byte, word string) (rest []byte, ok bool) {
	if len(b) < len(word) || !strings.EqualFold(string(b[:len(word)]), word) {
		return b, false
	}
	return b[len(word):], true
}

func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// unseen reports whether r is a space of another kind, or has no form at all. The
// joiners between letters of some languages are part of their words.
func unseen(r rune) bool {
	return !blank(r) && (unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d')
}

// Unseen is the first character of s that is a space of another kind than
// ASCII's, or nothing to be seen at all.
func Unseen(s string) (r rune, ok bool) {
	if i := strings.IndexFunc(s, unseen); i >= 0 {
		r, _ = utf8.DecodeRuneInString(s[i:])
		return r, true
	}
	return 0, false
}

// classify tells the form of a comment. For a near miss, name is the directive
// that it most likely stands for, and rest what follows it.
func classify(text string) (f form, name, rest string) {
	if after, ok := strings.CutPrefix(text, prefix); ok && after != "" {
		if c := after[0]; 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return exact, "", ""
		}
	}
	body := strings.TrimSuffix(text[2:], "*/")
	if text[1] == '/' {
		body = text[2:]
	}
	o, behind, ok := open([]byte(body))
	if !ok {
		return prose, "", ""
	}
	body = string(behind)
	hard := o.tight || o.sign // nobody writes a sentence like that
	spaced := strings.HasPrefix(body, " ") || strings.HasPrefix(body, "\t")
	apart := func(r rune) bool { return blank(r) || unseen(r) }
	body = strings.TrimFunc(body, apart)
	word, rest := body, ""
	if i := strings.IndexFunc(body, apart); i >= 0 {
		word, rest = body[:i], strings.Join(strings.FieldsFunc(body[i:], apart), " ")
	}
	name = Closest(strings.ToLower(word), names())
	switch {
	case !o.colon:
		if name == "" || name != word || !likeArguments(name, rest) {
			return prose, "", ""
		}
	case o.long && !hard && spaced: // as wsgen itself speaks
		return prose, "", ""
	case word == "" && hard:
		return miss, "", ""
	case name == "":
		if hard && !spaced && word != "" && isLetter(word[0]) {
			return miss, "", rest
		}
		return prose, "", ""
	case spaced && !hard && name != strings.ToLower(word), !hard && !likeArguments(name, rest):
		return prose, "", ""
	}
	return miss, name, rest
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// likeArguments reports whether rest could be what follows the directive name,
// rather than the rest of a sentence.
func likeArguments(name, rest string) bool {
	spec, _ := Lookup(name)
	most := spec.Max
	if most < 0 {
		most = 3
	}
	words := 0
	for w := range strings.FieldsSeq(rest) {
		if !strings.Contains(w, "=") {
			words++
		}
	}
	return words <= most
}

func names() []string {
	var all []string
	for _, s := range Table() {
		all = append(all, s.Name)
	}
	return all
}

// Closest returns the candidate that name is most likely a misspelling of, or "".
func Closest(name string, candidates []string) string {
	best, at := "", min(max(1, len(name)/3)+1, len(name)) // something of it stays
	for _, c := range candidates {
		if d := distance(name, c); d < at {
			best, at = c, d
		}
	}
	return best
}

// distance is the number of edits between a and b, a swap of neighbours being
// one (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
