package contract_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// texts has comments that end a comment, or are more than text, in one output or
// another; ~ stands for a backtick.
const texts = `// Package texts has comments of every kind.
package texts

import ws "github.com/wsgen/wsgen/runtime"

// Desk serves. */ ends no comment, ~ticks~ and ${braces} are text, <b>tags</b> and @tags, too. [Line] leads nowhere.
//
//	an example, indented: "quoted" \n
//
// The last paragraph.
//
//ws:gateway /desk
//ws:public
type Desk struct{ Push ws.Push[Events] }

/*
Line is a line.

Deprecated: use [Desk], or ~nothing~.
*/
type Line struct {
	// Text is */ the text.
	//
	// Deprecated: there is ~none~.
	Text string ~json:"text"~
	Size int    ~json:"size"~ // of it, in ~bytes~ */
}

// Events are pushed.
//
//ws:push
type Events interface {
	// Said comes with [Line.Text]. */
	Said(l Line) error
}

// Say says a line: */ \u2028 ${x}
//
// Deprecated: say nothing.
//
//ws:subscribe say
func (d *Desk) Say(l Line) (Line, error) { return l, d.Push.All().Said(l) }
`

// TestTexts: comments of every kind are comments in every output, the same of files with
// the line ends of Windows, and all that is generated compiles.
func TestTexts(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	source := strings.ReplaceAll(texts, "~", "`")
	made := ofTexts(t, source)
	for name, text := range ofTexts(t, strings.ReplaceAll(source, "\n", "\r\n")) {
		if text != made[name] || strings.Contains(text, "\r") {
			t.Errorf("%s is another if lines end as those of Windows do", name)
		}
	}
	for name, parts := range map[string][]string{
		"texts.ts":                    {"* Desk serves. *\\/ ends no comment, `ticks` and ${braces} are text,", "@deprecated use Desk, or `nothing`.", "@deprecated there is `none`.", "@deprecated say nothing."},
		"texts.js":                    {"* Desk serves. *\\/ ends no comment, `ticks` and ${braces} are text,"},
		"texts.json":                  {`"deprecated": true`},
		"document.json":               {`Desk serves. */ ends no comment,`},
		"textclient/ws_client_gen.go": {"// Deprecated: say nothing.\n", "// Deprecated: there is `none`.\n"},
	} {
		for _, part := range parts {
			if !strings.Contains(made[name], part) {
				t.Errorf("%s does not have %q", name, part)
			}
		}
	}
	n.holds(t, map[string]string{"texts.ts": made["texts.ts"]})
	n.write(t, "texts.mjs", made["texts.js"])
	if _, err := n.run(n.exe, "--check", "texts.mjs"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"texts.json", "document.json"} {
		if !json.Valid([]byte(made[name])) {
			t.Errorf("%s is no JSON", name)
		}
	}
}

// ofTexts returns all outputs of a source, by their files. Those in Go compile.
func ofTexts(t *testing.T, source string) map[string]string {
	t.Helper()
	m := newModule(t, map[string]string{"texts/texts.go": source})
	made := map[string]string{"texts.ts": "client.ts", "texts.js": "client.js", "texts.json": "jsonschema", "document.json": "asyncapi", "textclient/ws_client_gen.go": "client.go"}
	conf := "wire = off\n"
	for _, name := range slices.Sorted(maps.Keys(made)) {
		conf += made[name] + " = " + strings.TrimSuffix(name, "/ws_client_gen.go") + "\n"
	}
	m.write("wsgen.conf", conf)
	for name := range made {
		made[name] = m.wsgen(filepath.FromSlash(name))
	}
	if _, err := goCommand(m.dir, "go", "vet", "./...").run(); err != nil {
		t.Error(err)
	}
	return made
}
