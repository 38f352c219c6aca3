package cli

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
)

// outputsText is what the reference says of settings that name files.
const outputsText = `
## Files of an application

A setting of a file tells of a whole application, and may stand several times: one file a line.

` + "```" + `
asyncapi = app/asyncapi.json
client.go = liveclient
client.ts = web/src/live.gen.ts
client.js = web/static/live.gen.js
jsonschema = web/live.schema.json
jsonschema = ../admin/src/admin.schema.json from ./cmd/admin only /desk /rooms/{room}
` + "```" + `

The path is from the module's root, with slashes; folders that are missing are made. ` + "`from`" + ` names the package marked ` + "`//ws:app`" + ` whose gateways are meant, by its folder or import path: without it, it is the only one of the module, or all gateways are, if there is none. ` + "`only`" + ` names gateways by their paths as ` + "`wsgen list`" + ` shows them. On the command line the value is quoted, ` + "`-jsonschema='web/chat.json only /chat'`" + `, and flags take the place of all lines of that name.

Such files are generated files like all others: ` + "`check`" + ` compares them, ` + "`watch`" + ` renews them, ` + "`-stdout`" + ` prints them. A file that wsgen did not write is never replaced. A file that no line names any more stays, but for ` + "`ws_client_gen.go`" + `, which is known by its name, in the folders that a run looks at. A run that does not cover the application leaves its files alone: name no packages, or the package marked ` + "`//ws:app`" + `.

## Types of other modules

What a type writes by a MarshalJSON of its own, outputs for clients do not know. Above a type of the module [` + "`//ws:type`" + `](directives.md#wstype) says it. For those of other modules a setting does, one type a line:

` + "```" + `
type = github.com/google/uuid.UUID = string format=uuid
type = github.com/shopspring/decimal.Decimal = string
` + "```" + `

In front stands the import path of the type with its name, and behind the second equals sign the type of Go that has the same JSON, of names that Go itself declares: ` + "`string`" + `, ` + "`[2]float64`" + `, ` + "`map[string]int`" + `. A ` + "`format`" + ` is one of JSON Schema. Nothing changes for the server. A mistake is [WS107](diagnostics.md#ws107), at the line of the file.
`

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
		switch {
		case spec.Many:
			value = "none"
		case value == "":
			value = "(empty)"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", spec.Name, value, spec.Doc)
	}
	fmt.Fprint(&out, outputsText)
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
