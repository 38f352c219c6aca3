package diag

import (
	"bytes"
	"fmt"
	"go/token"
	"io"
	"os"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/bidi"
)

// TextOptions say how Text draws.
type TextOptions struct {
	Dir   string // paths below it are printed relative to it; "" prints them as they are
	Color bool   // ANSI colours
}

// Text writes l for a person: one block per diagnostic, its first line
// file:line:col: message, as editors and terminals understand it, then the
// source line with a caret, the help and the related places. Source lines come
// from the files as they are now, and are left out if a file cannot be read.
func Text(w io.Writer, l List, opts TextOptions) error {
	p := &printer{opts: opts, files: map[string][]string{}}
	for i, d := range l {
		if i > 0 {
			p.out.WriteByte('\n')
		}
		p.diagnostic(d)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// width is how many columns an excerpt may take, line number included.
const width = 80

// The styles, as ANSI attributes.
const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	blue   = "1;34"
	dim    = "2"
)

type printer struct {
	out   bytes.Buffer
	opts  TextOptions
	files map[string][]string
}

func (p *printer) diagnostic(d Diagnostic) {
	color := red
	message := d.Message
	if d.Warning {
		color, message = yellow, "warning: "+message
	}
	if at := p.place(d.Pos); at != "" {
		fmt.Fprintf(&p.out, "%s: ", p.style(bold, at))
	}
	fmt.Fprintf(&p.out, "%s %s\n", p.style(bold, message), p.link(d.Code))
	p.excerpt(d.Pos, d.End, color)
	p.block(blue, "help: ", d.Help)
	for _, r := range d.Related {
		fmt.Fprintf(&p.out, "   %s%s: %s\n", p.style(blue, "see: "), p.place(r.Pos), r.Message)
		p.excerpt(r.Pos, token.Position{}, "")
	}
}

// place is the position as the first line of a diagnostic has it.
func (p *printer) place(pos token.Position) string {
	if pos.Filename == "" {
		return ""
	}
	name := below(p.opts.Dir, pos.Filename)
	switch {
	case pos.Line == 0:
		return name
	case pos.Column == 0:
		return fmt.Sprintf("%s:%d", name, pos.Line)
	}
	return fmt.Sprintf("%s:%d:%d", name, pos.Line, pos.Column)
}

// block writes text below an excerpt, labelled. It wraps the first paragraph. The
// rest, behind an empty line, is code and stays as it is.
func (p *printer) block(color, label, text string) {
	if text == "" {
		return
	}
	prose, code, _ := strings.Cut(text, "\n\n")
	indent := strings.Repeat(" ", 3+len(label))
	lead := "   " + p.style(color, label)
	for line := range strings.SplitSeq(prose, "\n") {
		for _, part := range wrap(line, width-len(indent)) {
			fmt.Fprintf(&p.out, "%s%s\n", lead, part)
			lead = indent
		}
	}
	if code == "" {
		return
	}
	p.out.WriteByte('\n')
	for line := range strings.SplitSeq(code, "\n") {
		fmt.Fprintln(&p.out, strings.TrimRight(indent+strings.ReplaceAll(line, "\t", "    "), " "))
	}
}

// wrap breaks a line at spaces, so that each part fits into room if a word does.
func wrap(line string, room int) []string {
	var parts []string
	part := ""
	for word := range strings.SplitSeq(line, " ") {
		switch {
		case part == "":
			part = word
		case len([]rune(part))+1+len([]rune(word)) > room:
			parts, part = append(parts, part), word
		default:
			part += " " + word
		}
	}
	return append(parts, part)
}

// excerpt draws the source line of pos and, if color is not empty, a caret
// line up to end below it.
func (p *printer) excerpt(pos, end token.Position, color string) {
	line, ok := p.line(pos)
	if !ok {
		return
	}
	from := min(max(pos.Column-1, 0), len(line))
	to := from
	switch {
	case end.Line == pos.Line && end.Filename == pos.Filename:
		to = min(end.Column-1, len(line))
	case end.Line > pos.Line:
		to = len(strings.TrimRight(line, " \t\r"))
	}
	gutter := fmt.Sprintf("%5d | ", pos.Line)
	text, start := crop(expand(line), columns(line[:from]), width-len(gutter))
	length := max(1, columns(line[:max(from, to)])-columns(line[:from]))
	length = max(1, min(length, len([]rune(text))-start))
	if text = strings.TrimRight(text, " "); text == "" {
		gutter = strings.TrimRight(gutter, " ")
	}
	fmt.Fprintf(&p.out, "%s%s\n", p.style(dim, gutter), text)
	if color != "" {
		fmt.Fprintf(&p.out, "%s%s%s\n", p.style(dim, "      | "), strings.Repeat(" ", start), p.style(color, strings.Repeat("^", length)))
	}
}

// expand replaces what terminals show in widths of their own: tabs, and controls of the
// direction of text.
func expand(s string) string {
	return bidi.Shown(strings.ReplaceAll(strings.TrimRight(s, "\r"), "\t", "    "))
}

func columns(s string) int { return len([]rune(expand(s))) }

// crop cuts a line that is too long to what surrounds the column at, and
// returns where that column is then.
func crop(line string, at, room int) (string, int) {
	runes := []rune(line)
	if len(runes) <= room {
		return line, at
	}
	from := 0
	if at > room*2/3 {
		from = min(at-room/3, len(runes)-room)
	}
	to := min(from+room, len(runes))
	cut := append([]rune(nil), runes[from:to]...)
	if from > 0 {
		cut[0] = '…'
	}
	if to < len(runes) {
		cut[len(cut)-1] = '…'
	}
	return string(cut), at - from
}

// line returns the source line of pos.
func (p *printer) line(pos token.Position) (string, bool) {
	if pos.Filename == "" || pos.Line == 0 {
		return "", false
	}
	lines, ok := p.files[pos.Filename]
	if !ok {
		if text, err := os.ReadFile(pos.Filename); err == nil {
			lines = strings.Split(string(text), "\n")
		}
		p.files[pos.Filename] = lines
	}
	if pos.Line > len(lines) {
		return "", false
	}
	return lines[pos.Line-1], true
}

// link is a code, which leads to its page in terminals that know links.
func (p *printer) link(c Code) string {
	text := p.style(dim, "["+string(c)+"]")
	if !p.opts.Color {
		return text
	}
	return "\x1b]8;;" + c.Docs() + "\x1b\\" + text + "\x1b]8;;\x1b\\"
}

func (p *printer) style(attr, s string) string {
	if !p.opts.Color || attr == "" {
		return s
	}
	return "\x1b[" + attr + "m" + s + "\x1b[0m"
}
