package directive

import (
	"bytes"
	"strings"
)

// prefix begins every directive.
const prefix = "//ws:"

// Mentioned reports whether src may hold a directive or something that looks
// like one. It is a cheap test on the text, which may also say yes to a string.
func Mentioned(src []byte) bool {
	for _, tool := range []string{"ws:", "Ws:", "WS:", "wS:"} {
		for rest := src; ; {
			i := bytes.Index(rest, []byte(tool))
			if i < 0 {
				break
			}
			before := bytes.TrimRight(rest[:i], " \t")
			if bytes.HasSuffix(before, []byte("//")) || bytes.HasSuffix(before, []byte("/*")) {
				return true
			}
			rest = rest[i+len(tool):]
		}
	}
	return false
}

// form is how much a comment looks like a directive.
type form uint8

const (
	prose form = iota // not at all
	miss              // like one that is misspelt
	exact             // it is one, known or not
)

// classify tells the form of a comment. For a near miss, name is the directive
// that it most likely stands for, and rest what follows it.
func classify(text string) (f form, name, rest string) {
	if after, ok := strings.CutPrefix(text, prefix); ok && after != "" {
		if c := after[0]; 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return exact, "", ""
		}
	}
	body, line := strings.CutPrefix(text, "//")
	if !line {
		body = strings.TrimSuffix(strings.TrimPrefix(text, "/*"), "*/")
	}
	tight := strings.HasPrefix(body, "ws:")
	body = strings.TrimLeft(body, " \t")
	if len(body) < 3 || !strings.EqualFold(body[:3], "ws:") {
		return prose, "", ""
	}
	body = body[3:]
	spaced := strings.HasPrefix(body, " ") || strings.HasPrefix(body, "\t")
	body = strings.TrimSpace(body)
	word, rest, _ := strings.Cut(body, " ")
	name = Closest(strings.ToLower(word), names())
	if name == "" {
		if tight && !spaced && word != "" && isLetter(word[0]) {
			return miss, "", strings.TrimSpace(rest)
		}
		return prose, "", ""
	}
	if spaced && !tight && name != strings.ToLower(word) {
		return prose, "", ""
	}
	if !tight && !likeArguments(name, rest) {
		return prose, "", ""
	}
	return miss, name, strings.TrimSpace(rest)
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
	best, at := "", max(1, len(name)/3)+1
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
