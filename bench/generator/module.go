package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// handlers is how many events a made-up gateway has.
const handlers = 12

// module writes a module of n annotated packages into dir: each has a gateway, a
// push, and for goverter a converter between two shared types; app wires them.
func module(dir, repository string, n int) error {
	files := map[string]string{
		"go.mod": fmt.Sprintf(`module example.com/made

go 1.26.0

require (
	github.com/google/wire v0.7.0
	github.com/wsgen/wsgen v0.0.0
)

replace github.com/wsgen/wsgen => %s

tool github.com/wsgen/wsgen/cmd/wsgen
`, repository),
		"dto/dto.go": shared(0),
		"app/app.go": "// Package app wires the gateways.\n//\n//ws:app\npackage app\n",
		"app/wire.go": `//go:build wireinject

package app

import (
	"github.com/google/wire"
	ws "github.com/wsgen/wsgen/runtime"
)

func New(o ws.Options) *ws.Router { panic(wire.Build(WireSet)) }
`,
	}
	for i := range n {
		name := packageName(i)
		files[name+"/gateway.go"] = gateway(name)
		files[name+"/convert.go"] = converter(name)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// packageName is the folder of the i-th annotated package.
func packageName(i int) string { return fmt.Sprintf("p%03d", i) }

// shared is the dependency of all packages. Each edition is another source: its
// export data changes, what is generated does not.
func shared(edition int) string {
	return fmt.Sprintf(`// Package dto holds what the packages share.
package dto

import "time"

// Edition changes from one measurement to the next.
const Edition = %d

type Message struct {
	Author string    `+"`json:\"author\"`"+`
	Text   string    `+"`json:\"text\"`"+`
	At     time.Time `+"`json:\"at\"`"+`
	Tags   []string  `+"`json:\"tags\"`"+`
}

type Stored struct {
	Author string
	Text   string
	At     time.Time
	Tags   []string
}
`, edition)
}

func gateway(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `package %[1]s

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"example.com/made/dto"
	ws "github.com/wsgen/wsgen/runtime"
)

//ws:gateway /%[1]s
//ws:public
type Gateway struct{ Push ws.Push[Events] }

//ws:push
type Events interface {
	Said(m dto.Message) error
	Gone(name string) error
}

//ws:connect
func (g *Gateway) Enter(c *ws.Client, r *http.Request) error { return c.Join(r.URL.Path) }

`, name)
	for i := range handlers {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "//ws:subscribe say%d\nfunc (g *Gateway) Say%d(ctx context.Context, m dto.Message) (dto.Message, error) { return m, g.Push.All().Said(m) }\n\n", i, i)
		case 1:
			fmt.Fprintf(&b, "//ws:subscribe name%d\nfunc (g *Gateway) Name%d(room string, n int) string { return fmt.Sprint(room, n) }\n\n", i, i)
		case 2:
			fmt.Fprintf(&b, "//ws:subscribe raw%d\nfunc (g *Gateway) Raw%d(c *ws.Client, data json.RawMessage) (json.RawMessage, error) { return data, nil }\n\n", i, i)
		default:
			fmt.Fprintf(&b, "type Point%d struct{ X, Y float64; Label string }\n\n//ws:subscribe point%d\nfunc (g *Gateway) Move%d(p Point%d) Point%d { return p }\n\n", i, i, i, i, i)
		}
	}
	return b.String()
}

func converter(name string) string {
	return fmt.Sprintf(`package %s

import "example.com/made/dto"

// goverter:converter
type Converter interface {
	// goverter:ignore Tags
	// goverter:skipCopySameType
	Store(source dto.Message) dto.Stored
}
`, name)
}
