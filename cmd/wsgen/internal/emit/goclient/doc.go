package goclient

import (
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// doc is the comment of a declaration by lines: what its own says, or otherwise if
// there is none.
func doc(otherwise string, own model.Doc) []string {
	if own.Text == "" {
		return paragraphs([]string{otherwise}, model.Doc{Deprecated: own.Deprecated})
	}
	return paragraphs(nil, own)
}

// renamed is a comment that begins with the name in the client: comments begin with
// what they are about.
func renamed(own model.Doc, from, to string) model.Doc {
	if rest, ok := strings.CutPrefix(own.Text, from+" "); ok {
		own.Text = to + " " + rest
	}
	return own
}

// paragraphs adds what a comment says.
func paragraphs(lines []string, own model.Doc) []string {
	if own.Text != "" {
		lines = apart(lines, strings.Split(own.Text, "\n"))
	}
	if own.Deprecated != "" {
		lines = apart(lines, strings.Split("Deprecated: "+own.Deprecated, "\n"))
	}
	return lines
}

// apart adds a paragraph.
func apart(lines, more []string) []string {
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	return append(lines, more...)
}
