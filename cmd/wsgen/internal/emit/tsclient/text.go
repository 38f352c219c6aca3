package tsclient

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// quote is s as a string, in the quotes that have to be escaped less often.
func quote(s string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return `""` // unreachable: a string has JSON
	}
	escaped := strings.TrimSuffix(out.String(), "\n")
	if strings.Count(s, `"`) <= strings.Count(s, "'") {
		return escaped
	}
	inner := escaped[1 : len(escaped)-1]
	return "'" + strings.NewReplacer(`\\`, `\\`, `\"`, `"`, "'", `\'`).Replace(inner) + "'"
}

// identifier is what a name may be without quotes: letters of any script, of those
// that UTF-16 has in one unit.
var identifier = regexp.MustCompile(`^[\p{L}\p{Nl}_$][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$]*$`)

// key is the name of a member, quoted if it has to be.
func key(name string) string {
	if identifier.MatchString(name) && !strings.ContainsFunc(name, func(r rune) bool { return r > 0xffff }) {
		return name
	}
	return quote(name)
}

// comment is what stands above a declaration.
type comment struct {
	model.Doc
	more string   // a paragraph of its own
	note string   // behind the text, in parentheses
	tags []string // of JSDoc, one a line, behind all else
}

// comment writes c as JSDoc.
func (f *file) comment(depth int, c comment) {
	margin := strings.Repeat("  ", depth)
	for _, line := range c.lines() {
		f.text.WriteString(strings.TrimRight(margin+line, " ") + "\n")
	}
}

// commented is c above a member of an object in place, which is then broken.
func commented(c comment) doc {
	var parts []doc
	for _, s := range c.lines() {
		parts = append(parts, text(strings.TrimRight(s, " ")), hard)
	}
	return join(parts...)
}

// lines are those of JSDoc; an empty comment has none.
func (c comment) lines() []string {
	text := plain(c.Text)
	if c.note != "" {
		text = strings.TrimPrefix(text+" ("+c.note+")", " ")
	}
	var parts []string
	deprecated := ""
	if c.Deprecated != "" {
		deprecated = "@deprecated " + plain(c.Deprecated)
	}
	for _, part := range []string{text, plain(c.more), deprecated, strings.Join(c.tags, "\n")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	all := strings.Join(parts, "\n\n")
	if !strings.Contains(all, "\n") {
		return []string{"/** " + all + " */"}
	}
	lines := []string{"/**"}
	for line := range strings.SplitSeq(all, "\n") {
		lines = append(lines, " * "+strings.TrimRight(line, " \t"))
	}
	return append(lines, " */")
}

// link is a name in brackets, which leads to its declaration in Go alone
// (https://go.dev/doc/comment#doclinks).
var link = regexp.MustCompile(`(^|[\s(,;"'])\[(\*?[A-Za-z_][\w.]*)\]`)

// plain is the text of a comment of Go's as one of TypeScript.
func plain(text string) string {
	text = strings.NewReplacer("*/", `*\/`, "\r", "", "\u2028", " ", "\u2029", " ").Replace(strings.TrimSpace(text))
	return untagged(link.ReplaceAllString(text, "$1$2"))
}

// sign is one of JSDoc's tags, or what is read as one: an at sign that is not inside of
// a word, as that of an address is, nor right behind a backtick. (It has the letters in
// front of it, and those behind.)
var sign = regexp.MustCompile("(?m)(^|[^\\p{L}\\p{N}_.`\\\\])@(\\w*)")

// untagged is a text without tags: they would say of the generated declaration what
// nobody said of Go's, such as that it is private. In Markdown, which these comments
// are, a backslash is not shown. @deprecated stays at the beginning of a line.
func untagged(text string) string {
	var out strings.Builder
	done := 0
	for _, m := range sign.FindAllStringSubmatchIndex(text, -1) {
		at := m[3]
		line := strings.TrimLeft(text[strings.LastIndexByte(text[:at], '\n')+1:at], " \t")
		out.WriteString(text[done:at])
		if line != "" || text[m[4]:m[5]] != "deprecated" {
			out.WriteByte('\\')
		}
		done = at
	}
	return out.String() + text[done:]
}

// oneLine is a text without its line ends.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// note says of a type what its name does not.
func note(shapes ...*model.Shape) string {
	if len(shapes) != 1 || shapes[0] == nil || shapes[0].Kind != model.ShapeString {
		return ""
	}
	if shapes[0].Format == "byte" {
		return "base64"
	}
	return shapes[0].Format
}

// ofValues says what the values of an enum mean, one a line.
func ofValues(values []model.Value) string {
	var lines []string
	for _, v := range values {
		if v.Doc.Text != "" {
			lines = append(lines, "- "+ofValue(v)+": "+oneLine(v.Doc.Text))
		}
	}
	return strings.Join(lines, "\n")
}
