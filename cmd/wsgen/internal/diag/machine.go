package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Docs is the address of the page that explains c.
func (c Code) Docs() string { return docs + "#" + strings.ToLower(string(c)) }

const docs = "https://github.com/wsgen/wsgen/blob/main/docs/reference/diagnostics.md"

// Severity is "error", or "warning" for what does not stop the run.
func (d Diagnostic) Severity() string {
	if d.Warning {
		return "warning"
	}
	return "error"
}

// entry is a Diagnostic as JSON writes it. Lines and columns count from 1,
// columns in bytes; end is one past the last byte.
type entry struct {
	Code     Code    `json:"code"`
	Severity string  `json:"severity"`
	Message  string  `json:"message"`
	Help     string  `json:"help,omitempty"`
	Docs     string  `json:"docs"`
	Range    *extent `json:"range,omitempty"`
	Related  []place `json:"related,omitempty"`
}

type extent struct {
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"endLine,omitempty"`
	EndColumn int    `json:"endColumn,omitempty"`
}

type place struct {
	Message string  `json:"message"`
	Range   *extent `json:"range,omitempty"`
}

// JSON writes l for a program: one array, empty if nothing is wrong. Files
// below dir are relative to it, with slashes.
func JSON(w io.Writer, l List, dir string) error {
	entries := make([]entry, 0, len(l))
	for _, d := range l {
		e := entry{
			Code: d.Code, Severity: d.Severity(), Message: d.Message, Help: d.Help, Docs: d.Code.Docs(),
			Range: rangeOf(d.Pos.Filename, d.Pos.Line, d.Pos.Column, dir),
		}
		if e.Range != nil && d.End.Line > 0 {
			e.Range.EndLine, e.Range.EndColumn = d.End.Line, d.End.Column
		}
		for _, r := range d.Related {
			e.Related = append(e.Related, place{r.Message, rangeOf(r.Pos.Filename, r.Pos.Line, r.Pos.Column, dir)})
		}
		entries = append(entries, e)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(entries)
}

func rangeOf(file string, line, column int, dir string) *extent {
	if file == "" {
		return nil
	}
	return &extent{File: filepath.ToSlash(below(dir, file)), Line: line, Column: column}
}

// below is file relative to dir if it is there, else as it is.
func below(dir, file string) string {
	if dir != "" {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return file
}

// GitHub writes l as workflow commands, which GitHub Actions shows beside the
// lines of a change. dir is the root of the repository: annotations name files
// relative to it.
func GitHub(w io.Writer, l List, dir string) error {
	var out strings.Builder
	for _, d := range l {
		var props []string
		if d.Pos.Filename != "" {
			props = append(props, "file="+property(filepath.ToSlash(below(dir, d.Pos.Filename))))
		}
		if d.Pos.Line > 0 {
			props = append(props, fmt.Sprintf("line=%d,col=%d", d.Pos.Line, d.Pos.Column))
		}
		if d.End.Line > 0 {
			props = append(props, fmt.Sprintf("endLine=%d", d.End.Line))
		}
		if d.End.Line == d.Pos.Line && d.End.Line > 0 { // else GitHub refuses a column
			props = append(props, fmt.Sprintf("endColumn=%d", d.End.Column))
		}
		props = append(props, "title="+property("wsgen "+string(d.Code)))
		text := []string{d.Message}
		if d.Help != "" {
			text = append(text, d.Help)
		}
		for _, r := range d.Related {
			text = append(text, fmt.Sprintf("%s:%d: %s", filepath.ToSlash(below(dir, r.Pos.Filename)), r.Pos.Line, r.Message))
		}
		text = append(text, d.Code.Docs())
		fmt.Fprintf(&out, "::%s %s::%s\n", d.Severity(), strings.Join(props, ","), data(strings.Join(text, "\n")))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// data escapes the text of a workflow command, and property the value of one
// of its properties, as the runner undoes it.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
