package pipeline_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

const twoModules = `
-- app/go.mod --
module example.com/app

go 1.26.0
-- app/chat.go --
package app

import "example.com/lines"

//ws:gateway /chat
type Gateway struct{}

//ws:subscribe say
func (g *Gateway) Say(lines.Line) {}
-- lines/go.mod --
module example.com/lines

go 1.26.0
-- lines/lines.go --
package lines

// Line is what somebody says.
type Line struct {
	Text string // as it was written
}
`

// TestTrimmed: what is generated is the same with -trimpath and without, also the
// comments of another module's types.
func TestTrimmed(t *testing.T) {
	root, err := filepath.Abs(module)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unpack(t, dir, txtar.Parse([]byte(twoModules)), func(string) bool { return true })
	writeFile(t, filepath.Join(dir, "go.work"), []byte("go 1.26.0\n\nuse (\n\t"+root+"\n\t./app\n\t./lines\n)\n"))
	app := filepath.Join(dir, "app")
	outputs := []pipeline.Output{{Setting: "client.ts", File: filepath.Join(app, "chat.gen.ts"), Value: "chat.gen.ts"}}
	run := func(flags string) map[string]string {
		var memory output.Memory
		env := append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOFLAGS="+flags, "GOPROXY=off")
		result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: app, Env: env, Outputs: outputs}, &memory)
		if err != nil || result.Diagnostics.HasErrors() {
			t.Fatalf("%q: %v, %v", flags, err, result.Diagnostics)
		}
		all := map[string]string{}
		for _, f := range memory.Plan.Files {
			all[output.Relative(dir, f.Path)] = string(f.Data)
		}
		return all
	}
	plain, trimmed := run(""), run("-trimpath")
	if !maps.Equal(plain, trimmed) {
		t.Errorf("with -trimpath it is\n%s\nand without\n%s", numbered(trimmed), numbered(plain))
	}
	for _, comment := range []string{"Line is what somebody says.", "as it was written"} {
		if !strings.Contains(numbered(plain), comment) {
			t.Errorf("%q is not there:\n%s", comment, numbered(plain))
		}
	}
}
