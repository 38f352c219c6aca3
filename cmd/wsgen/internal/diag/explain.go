package diag

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Explain writes a page for a terminal.
func Explain(w io.Writer, page Page, color bool) error {
	p := &printer{opts: TextOptions{Color: color}}
	fmt.Fprintf(&p.out, "%s\n\n", p.style(bold, string(page.Code)+": "+page.Title))
	for paragraph := range strings.SplitSeq(page.Text, "\n\n") {
		for _, line := range wrap(strings.ReplaceAll(paragraph, "\n", " "), width) {
			fmt.Fprintln(&p.out, line)
		}
		fmt.Fprintln(&p.out)
	}
	p.example("before", page.Before)
	p.heading("wsgen says")
	p.indented(page.Says)
	p.example("after", page.After)
	fmt.Fprintln(&p.out, p.style(dim, page.Code.Docs()))
	_, err := w.Write(p.out.Bytes())
	return err
}

func (p *printer) heading(text string) { fmt.Fprintf(&p.out, "%s\n\n", p.style(blue, text+":")) }

func (p *printer) example(when string, files []File) {
	for _, f := range files {
		p.heading(when + ", " + f.Name)
		p.indented(f.Text)
	}
}

func (p *printer) indented(text string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			line = "    " + strings.ReplaceAll(line, "\t", "    ")
		}
		fmt.Fprintln(&p.out, line)
	}
	fmt.Fprintln(&p.out)
}

// Index writes every code with its title, for a terminal.
func Index(w io.Writer, color bool) error {
	p := &printer{opts: TextOptions{Color: color}}
	for _, page := range Pages() {
		fmt.Fprintf(&p.out, "%s  %s\n", p.style(bold, string(page.Code)), page.Title)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// Reference writes docs/reference/diagnostics.md.
func Reference(w io.Writer) error {
	var out bytes.Buffer
	out.WriteString(referenceHead)
	all := Pages()
	out.WriteString("| code | mistake |\n|---|---|\n")
	for _, p := range all {
		fmt.Fprintf(&out, "| [%s](#%s) | %s |\n", p.Code, strings.ToLower(string(p.Code)), cell(p.Title))
	}
	out.WriteString("\n")
	out.WriteString(peers)
	for _, p := range all {
		fmt.Fprintf(&out, "\n## %s\n\n**%s**\n\n%s\n", p.Code, p.Title, p.Text)
		fences(&out, "Before", p.Before)
		fmt.Fprintf(&out, "\nwsgen says:\n\n```text\n%s```\n", p.Says)
		fences(&out, "After", p.After)
	}
	_, err := w.Write(out.Bytes())
	return err
}

func fences(out *bytes.Buffer, when string, files []File) {
	for _, f := range files {
		fmt.Fprintf(out, "\n%s, `%s`:\n\n```%s\n%s```\n", when, f.Name, language(f.Name), f.Text)
	}
}

func language(name string) string {
	if strings.HasSuffix(name, ".go") {
		return "go"
	}
	return "text"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
