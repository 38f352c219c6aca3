package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// These are the two ways of one gateway, and what is measured of them.
const (
	withCodecs = "generated codecs"
	withStd    = "codec=std"

	compiled = "package compiled"
	written  = "files up to date"
	linked   = "binary"
)

// structs is how many the gateway's types reach: less than the 200 that wsgen makes
// codecs for in a package, so that each of them has one.
const structs = 150

// codecRounds are the rounds of a package that takes seconds to compile.
const codecRounds = 5

// codecs measures a module whose gateway takes many structs, once with a codec for
// each and once without.
func (e *env) codecs(ctx context.Context) error {
	ways := []string{withCodecs, withStd}
	dirs := map[string]string{}
	for _, way := range ways {
		e.sayf("codecs: making and compiling the module with %s", way)
		dirs[way] = filepath.Join(e.work, "codecs-"+strings.ReplaceAll(way, " ", "-"))
		if err := e.beginCodecs(ctx, dirs[way], way); err != nil {
			return err
		}
	}
	for round := range codecRounds {
		e.sayf("codecs: round %d of %d", round+1, codecRounds)
		for _, way := range ways {
			m := made{env: e, dir: dirs[way], size: structs}
			if err := m.measure(ctx, key{way, written, structs}, nil, []string{filepath.Join(e.work, "bin", "wsgen"), "-force", "./..."}); err != nil {
				return err
			}
			if err := edit(m.dir, round+1); err != nil {
				return err
			}
			if err := m.measure(ctx, key{way, compiled, structs}, nil, []string{"go", "build", "./gate"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// beginCodecs makes the module of one way, generates and compiles it, and notes how
// long its generated file and its stripped binary are.
func (e *env) beginCodecs(ctx context.Context, dir, way string) error {
	sums, err := os.ReadFile(filepath.Join(e.here, "go.sum"))
	if err != nil {
		return err
	}
	option := ""
	if way == withStd {
		option = " " + withStd
	}
	for name, text := range map[string]string{
		"go.mod":          fmt.Sprintf("module example.com/codecs\n\ngo 1.26.0\n\nrequire github.com/wsgen/wsgen v0.0.0\n\nreplace github.com/wsgen/wsgen => %s\n", filepath.Dir(e.here)),
		"go.sum":          string(sums),
		"wsgen.conf":      "",
		"main.go":         server,
		"gate/gateway.go": structsGateway(option),
	} {
		if err := write(filepath.Join(dir, filepath.FromSlash(name)), text); err != nil {
			return err
		}
	}
	if err := edit(dir, 0); err != nil {
		return err
	}
	binary := filepath.Join(dir, "binary")
	for _, argv := range [][]string{
		{"go", "mod", "tidy"},
		{filepath.Join(e.work, "bin", "wsgen"), "./..."},
		{"go", "build", "-ldflags=-s -w", "-o", binary, "."},
		{"go", "build", "./gate"},
	} {
		if err := e.quiet(ctx, dir, nil, argv...); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "gate", "ws_gen.go"))
	if err != nil {
		return err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	k := key{way, linked, structs}
	e.results[k] = append(e.results[k], cost{bytes: info.Size(), lines: bytes.Count(text, []byte("\n"))})
	return nil
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// edit changes a constant of the gateway's package, which has to be compiled anew.
func edit(dir string, edition int) error {
	return write(filepath.Join(dir, "gate", "edition.go"), fmt.Sprintf("package gate\n\nconst Edition = %d\n", edition))
}

const server = `package main

import (
	"log"
	"net/http"

	"example.com/codecs/gate"
	ws "github.com/wsgen/wsgen/runtime"
)

func main() {
	endpoint := gate.NewGatewayEndpoint(ws.NewServer(ws.Options{}), &gate.Gateway{})
	log.Fatal(http.ListenAndServe("127.0.0.1:0", ws.NewRouter(endpoint.Endpoint)))
}
`

// structsGateway is a gateway that answers with structs, each of ten members, the
// last a list of the next struct. The option stands behind its path.
func structsGateway(option string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `// Package gate has a gateway of many structs.
package gate

import "time"

//ws:gateway /gate%s
//ws:public
type Gateway struct{}

//ws:subscribe take
func (Gateway) Take(v T000) T000 { return v }
`, option)
	for i := range structs {
		next := fmt.Sprintf("T%03d", i+1)
		if i+1 == structs {
			next = "string"
		}
		fmt.Fprintf(&b, `
type T%03d struct {
	ID     string            `+"`json:\"id\"`"+`
	Name   string            `+"`json:\"name,omitempty\"`"+`
	Count  int               `+"`json:\"count\"`"+`
	Share  float64           `+"`json:\"share\"`"+`
	At     time.Time         `+"`json:\"at\"`"+`
	Tags   []string          `+"`json:\"tags\"`"+`
	Labels map[string]string `+"`json:\"labels,omitempty\"`"+`
	Note   *string           `+"`json:\"note\"`"+`
	First  *int              `+"`json:\"first,omitempty\"`"+`
	Next   []%s              `+"`json:\"next\"`"+`
}
`, i, next)
	}
	return b.String()
}

// codecCosts is the part of the document about what codecs cost; "" if that was not
// measured.
func codecCosts(r results) string {
	with, without := r[key{withCodecs, linked, structs}], r[key{withStd, linked, structs}]
	if len(with) == 0 || len(without) == 0 {
		return ""
	}
	more := func(what string) string {
		times := pairs(r[key{withCodecs, what, structs}], r[key{withStd, what, structs}], func(a, b cost) float64 { return float64(a.cpu - b.cpu) })
		if len(times) == 0 {
			return "not measured"
		}
		return duration(time.Duration(median(times) / structs))
	}
	return fmt.Sprintf(`## What a codec costs

A module with one gateway and %d structs, each with ten members (texts, numbers, a time, a list, a map, pointers, and a list of the next struct), beside the same with `+"`codec=std`"+`. The differences, for each struct with its lists, by the median of %d rounds:

| | |
|---|---|
| lines in `+"`ws_gen.go`"+` | %d |
| bytes of a stripped binary | %d |
| CPU of `+"`go build`"+`, for the gateway's package | %s |
| CPU of wsgen, if it has made the text before | %s |

A package follows 200 structs, and leaves those behind them to encoding/json ([decision 40](adr/0040-codecs-for-everything.md)).

`, structs, codecRounds, (with[0].lines-without[0].lines)/structs, (with[0].bytes-without[0].bytes)/structs, more(compiled), more(written))
}
