package tsclient

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// width is how long a line may be, where it can be broken.
const width = 120

// doc is a text with places at which it may be broken, as prettier has it: all
// breaks of a group are taken, or none. So the text is what prettier leaves as it is
// (https://github.com/prettier/prettier/blob/main/commands.md).
type doc struct {
	kind  kind
	text  string // of a text; of a choice what stands in a group that is not broken
	parts []doc
	// broken says that a group is broken whether it fits or not.
	broken bool
}

type kind uint8

const (
	isText   kind = iota
	isLine        // a space, or a new line
	isSoft        // nothing, or a new line
	isChoice      // parts in a broken group, else text
	isJoin
	isIndent // deeper by a level behind new lines
	isGroup
)

var (
	line = doc{kind: isLine}
	soft = doc{kind: isSoft}
	hard = doc{kind: isLine, broken: true} // a new line
)

func text(s string) doc { return doc{text: s} }

func join(parts ...doc) doc { return doc{kind: isJoin, parts: parts} }

func indent(parts ...doc) doc { return doc{kind: isIndent, parts: parts} }

func choice(flat string, broken ...doc) doc { return doc{kind: isChoice, text: flat, parts: broken} }

// group breaks if a group in it has to.
func group(parts ...doc) doc {
	return doc{kind: isGroup, parts: parts, broken: slices.ContainsFunc(parts, doc.breaks)}
}

func (d doc) breaks() bool { return d.broken || slices.ContainsFunc(d.parts, doc.breaks) }

// list is what stands in brackets, one a line if it is broken.
func list(open string, items []doc, end string) doc {
	if len(items) == 0 {
		return text(open + end)
	}
	return join(text(open), indent(soft, separated(",", items)), choice("", text(",")), soft, text(end))
}

// separated has a separator and a line between items.
func separated(separator string, items []doc) doc {
	var parts []doc
	for i, item := range items {
		if i > 0 {
			parts = append(parts, text(separator), line)
		}
		parts = append(parts, item)
	}
	return join(parts...)
}

// step is a doc that is yet to be written.
type step struct {
	doc
	indent int
	flat   bool
}

// render lays d out. What stands on new lines is indented by so many columns.
func render(columns int, d doc) string {
	var out strings.Builder
	column := 0
	todo := []step{{doc: d, indent: columns}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case s.kind == isText, s.kind == isChoice && s.flat:
			out.WriteString(s.text)
			column += utf8.RuneCountInString(s.text)
			continue
		case s.kind == isLine && s.flat:
			out.WriteByte(' ')
			column++
		case s.kind == isLine || s.kind == isSoft && !s.flat:
			out.WriteString("\n" + strings.Repeat(" ", s.indent))
			column = s.indent
		case s.kind == isIndent:
			s.indent += 2
		case s.kind == isGroup && !s.flat:
			flat := s
			flat.flat = true
			s.flat = !s.broken && fits(flat, todo, width-column)
		}
		todo = push(todo, s)
	}
	return out.String()
}

// push adds the parts of s, the first on top.
func push(todo []step, s step) []step {
	for _, part := range slices.Backward(s.parts) {
		todo = append(todo, step{part, s.indent, s.flat})
	}
	return todo
}

// fits reports whether s and what follows up to the next new line fit into so many
// columns.
func fits(s step, rest []step, columns int) bool {
	todo := []step{s}
	for {
		if len(todo) == 0 {
			if len(rest) == 0 {
				return columns >= 0
			}
			todo, rest = append(todo, rest[len(rest)-1]), rest[:len(rest)-1]
		}
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case s.kind == isText, s.kind == isChoice && s.flat:
			columns -= utf8.RuneCountInString(s.text)
		case s.kind == isLine && s.flat:
			columns--
		case !s.flat && (s.kind == isLine || s.kind == isSoft):
			return columns >= 0
		default: // a group of what follows may be broken, so it is a place to break at
			todo = push(todo, s)
		}
		if columns < 0 {
			return false
		}
	}
}
