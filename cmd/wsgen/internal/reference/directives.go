package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// directives writes docs/reference/directives.md.
func directives(w io.Writer) error {
	var out bytes.Buffer
	fmt.Fprint(&out, `# Directives

A directive is a comment of Go's own form, `+"`//ws:name arguments`"+`: no space behind the slashes, lower case, among the last lines of the doc comment that touches the declaration. Arguments come first, then options as `+"`key=value`"+`, or `+"`key=\"a b\"`"+` if the value has spaces. Names are those of the directive's own package, or `+"`pkg.Name`"+` where the file imports `+"`pkg`"+`.

A comment that looks like a directive and is none is a mistake, never silence: [diagnostics.md](diagnostics.md) has them all.

| directive | stands above | meaning |
|---|---|---|
`)
	for _, s := range directive.Table() {
		fmt.Fprintf(&out, "| [`//ws:%s`](#ws%s) | %s | %s |\n", s.Name, s.Name, s.Where, s.Doc)
	}
	for _, s := range directive.Table() {
		fmt.Fprintf(&out, "\n## ws:%s\n\n", s.Name)
		fmt.Fprintf(&out, "```go\n%s\n```\n\n", s.Example)
		fmt.Fprintf(&out, "%s It stands above %s", s.Doc, s.Where)
		if s.Repeat {
			fmt.Fprint(&out, ", and may stand there more than once")
		}
		fmt.Fprintf(&out, ".\n\nForm: `%s`\n", form(s))
		if s.More != "" {
			fmt.Fprintf(&out, "\n%s\n", strings.ReplaceAll(s.More, "//ws:app", "`//ws:app`"))
		}
		if len(s.Options) == 0 {
			continue
		}
		fmt.Fprint(&out, "\n| option | values | meaning |\n|---|---|---|\n")
		for _, o := range s.Options {
			values := strings.Join(o.Values, ", ")
			if values == "" {
				values = "any"
			}
			if len(o.Reserved) > 0 {
				values += "; reserved for later: " + strings.Join(o.Reserved, ", ")
			}
			fmt.Fprintf(&out, "| `%s=` | %s | %s |\n", o.Name, values, o.Doc)
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// form is the synopsis of a directive.
func form(s directive.Spec) string {
	words := []string{"//ws:" + s.Name}
	switch {
	case s.Args == "":
	case s.Instead != "":
		words = append(words, "("+s.Args+" | "+s.Instead+"=…)")
	case s.Min == 0 && !strings.HasPrefix(s.Args, "["):
		words = append(words, "["+s.Args+"]")
	default:
		words = append(words, s.Args)
	}
	for _, o := range s.Options {
		if o.Name == s.Instead {
			continue
		}
		value := "…"
		if len(o.Values) > 0 {
			value = strings.Join(o.Values, "|")
		}
		words = append(words, "["+o.Name+"="+value+"]")
	}
	return strings.Join(words, " ")
}
