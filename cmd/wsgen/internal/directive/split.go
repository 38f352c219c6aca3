package directive

import (
	"fmt"
	"go/token"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// split cuts s, which begins at pos, into arguments: words, "quoted words", and
// key=value with either as value.
func split(s string, pos token.Pos) (args []Arg, problems []Problem) {
	for i := 0; ; {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		if i == len(s) {
			return args, problems
		}
		a := Arg{Pos: pos + token.Pos(i)}
		if n := keyLen(s[i:]); n > 0 {
			a.Key = s[i : i+n]
			i += n + 1
		}
		a.Val = pos + token.Pos(i)
		start := i
		var message string
		a.Value, i, message = value(s, i)
		a.End = pos + token.Pos(i)
		switch {
		case message != "":
			problems = append(problems, Problem{
				Code: diag.MalformedArgument, Pos: a.Val, End: a.End, Message: message, Help: requoted(s[start:i]),
			})
			continue
		case a.Key != "" && i == start:
			p := Problem{
				Code: diag.MalformedArgument, Pos: a.Pos, End: a.End,
				Message: a.Key + "= has no value", Help: "remove it, or write a value directly behind the equals sign",
			}
			if next := nextWord(s, i); next != "" && keyLen(next) == 0 {
				i = strings.Index(s[i:], next) + i + len(next)
				p = spaced(a.Key, next, a.Pos, pos+token.Pos(i))
			}
			problems = append(problems, p)
			continue
		}
		if r, ok := Unseen(a.Value); ok && s[start] != '"' && s[start] != '`' {
			problems = append(problems, Problem{
				Code: diag.MalformedArgument, Pos: a.Val, End: a.End,
				Message: fmt.Sprintf("a character that nobody sees is in this word: U+%04X", r),
				Help:    fmt.Sprintf("write an ordinary space, or nothing; a value that has it is quoted, with \\u%04x", r),
			})
			continue
		}
		args = append(args, a)
	}
}

// nextWord is the word or the quoted string that follows at s[i:], as it is
// written; "" if there is none.
func nextWord(s string, i int) string {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	_, end, _ := value(s, i)
	return s[i:end]
}

// spaced is the problem of an option with spaces around its equals sign.
func spaced(key, value string, pos, end token.Pos) Problem {
	return Problem{
		Code: diag.MalformedArgument, Pos: pos, End: end,
		Message: "spaces separate " + key + ", its equals sign and its value",
		Help:    diag.Paste("write it without spaces", key+"="+value),
	}
}

// requoted is the help for a quoted value that cannot be read: the value that
// it was probably meant to be, if one can tell.
func requoted(written string) string {
	const form = "a value with spaces stands between two quotes, as a string of Go does"
	quote, inner := written[:1], written[1:]
	if prefix, err := strconv.QuotedPrefix(written); err == nil { // something stands behind it
		head, _ := strconv.Unquote(prefix)
		inner = head + written[len(prefix):]
	} else {
		inner = strings.TrimSuffix(inner, quote)
	}
	if strings.ContainsAny(inner, "\"`=") {
		return form
	}
	return diag.Paste("write it as", strconv.Quote(inner))
}

// Write is an argument as one writes it.
func (a Arg) Write() string {
	text := a.Value
	if a.Key == "" && keyLen(text) > 0 || text == "" || strings.ContainsFunc(text, func(c rune) bool { return c == '"' || c == '`' || !strconv.IsPrint(c) || c == ' ' }) {
		text = strconv.Quote(text)
	}
	if a.Key == "" {
		return text
	}
	return a.Key + "=" + text
}

// value reads the word or the quoted string at s[i:], and returns where it ends.
func value(s string, i int) (v string, end int, problem string) {
	if i == len(s) || (s[i] != '"' && s[i] != '`') {
		end = wordEnd(s, i)
		return s[i:end], end, ""
	}
	quoted, err := strconv.QuotedPrefix(s[i:])
	if err != nil {
		return "", len(strings.TrimRight(s, " \t\r")), "this quoted value does not end, or has an escape that Go does not know"
	}
	v, _ = strconv.Unquote(quoted)
	end = i + len(quoted)
	if end < len(s) && !isSpace(s[end]) {
		return "", wordEnd(s, end), "a quoted value ends at its closing quote: a space must follow"
	}
	return v, end, ""
}

// keyLen is the length of the key that s begins with, without its equals sign.
func keyLen(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '_'):
		case c == '=':
			return i
		default:
			return 0
		}
	}
	return 0
}

func wordEnd(s string, i int) int {
	for i < len(s) && !isSpace(s[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }
