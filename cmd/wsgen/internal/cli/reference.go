package cli

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
)

// Reference writes docs/reference/cli.md.
func Reference(w io.Writer) error {
	var out bytes.Buffer
	fmt.Fprint(&out, `# The command line

`+"`wsgen [command] [flags] [packages]`"+`

Without a command it is `+"`generate`"+`, without packages `+"`./...`"+`. Packages are named as for the go command; those of one run belong to one module. Flags come before packages.

| command | what it does |
|---|---|
`)
	for _, c := range commands() {
		fmt.Fprintf(&out, "| [`%s`](#wsgen-%s) | %s |\n", c.name, c.name, c.summary)
	}
	fmt.Fprintf(&out, `
## Exit codes

| code | meaning |
|---|---|
| %d | all is well |
| %d | the source has mistakes, generated files are stale (`+"`check`"+`), or something failed |
| %d | wrong usage |
| %d | interrupted |

An interrupt leaves the generated files as they were or makes all of them new.

## Settings

What a module wants in every run stands in the file `+"`%s`"+` at its root: a line `+"`name = value`"+` for each setting. Empty lines, and those that begin with #, say nothing. A flag of the same name wins over the file, and a module without the file has the defaults.

| setting | default | meaning |
|---|---|---|
`, exitOK, exitFail, exitUsage, exitInterrupted, settings.File)
	for _, spec := range settings.Table() {
		value := spec.Default
		if value == "" {
			value = "(empty)"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", spec.Name, value, spec.Doc)
	}
	for _, c := range commands() {
		fmt.Fprintf(&out, "\n## wsgen %s\n\n", c.name)
		fmt.Fprintf(&out, "`%s`\n\n", strings.TrimSpace("wsgen "+c.name+" "+c.args))
		fmt.Fprintf(&out, "%s.\n", strings.ToUpper(c.summary[:1])+c.summary[1:])
		if c.text != "" {
			fmt.Fprintf(&out, "\n%s\n", strings.ReplaceAll(c.text, "\n", " "))
		}
		if c.flags != nil {
			fmt.Fprint(&out, "\n| flag | meaning |\n|---|---|\n")
			c.flags().VisitAll(func(f *flag.Flag) {
				name, text := flagText(f)
				fmt.Fprintf(&out, "| `%s` | %s |\n", name, text)
			})
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}
