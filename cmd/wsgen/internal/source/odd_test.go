package source

import (
	"go/types"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// payload is the type of the n-th parameter of a method of the package path.
func payload(t *testing.T, p *Program, path, typ, method string, n int) types.Type {
	t.Helper()
	for _, pkg := range p.Packages {
		if pkg.Path == path {
			m, _, _ := types.LookupFieldOrMethod(pkg.Types.Scope().Lookup(typ).Type(), true, pkg.Types, method)
			return m.Type().(*types.Signature).Params().At(n).Type()
		}
	}
	t.Fatalf("no package %s", path)
	return nil
}

// TestLoadThroughAnotherModule: a package of another module that imports an
// annotated one, and compiles, means the same types as the annotated ones do.
func TestLoadThroughAnotherModule(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, txtar.Parse([]byte(`
-- app/go.mod --
module example.com/app

go 1.26.0

require example.com/other v0.0.0

replace example.com/other => ../other
-- app/chat/chat.go --
package chat

import (
	"example.com/app/room"
	"example.com/other"
)

//ws:gateway /chat
type Chat struct{}

//ws:subscribe say
func (c *Chat) Say(p other.Packet, m room.Message) {}
-- app/room/room.go --
package room

//ws:gateway /room
type Room struct{}

type Message struct{ Text string }
-- other/go.mod --
module example.com/other

go 1.26.0

require example.com/app v0.0.0
-- other/other.go --
package other

import "example.com/other/deep"

type Packet struct{ Deep deep.Deep }
-- other/deep/deep.go --
package deep

import "example.com/app/room"

type Deep struct{ Message room.Message }
`)))
	p, list, err := Load(t.Context(), Options{Dir: filepath.Join(root, "app")})
	if err != nil || len(list) > 0 || len(p.Packages) != 2 || len(p.Packages[0].Errors) > 0 {
		t.Fatal(err, list, p)
	}
	packet := payload(t, p, "example.com/app/chat", "Chat", "Say", 0).Underlying().(*types.Struct)
	got := packet.Field(0).Type().Underlying().(*types.Struct).Field(0).Type()
	if want := payload(t, p, "example.com/app/chat", "Chat", "Say", 1); !types.Identical(got, want) {
		t.Errorf("%v, seen through the other module, is not %v", got, want)
	}
}

// TestLoadLeavesOutOrphans: a package between two annotated ones was annotated
// once, and still has its generated file.
func TestLoadLeavesOutOrphans(t *testing.T) {
	t.Parallel()
	p, list, err := Load(t.Context(), Options{Dir: module(t, `
-- chat/chat.go --
package chat

import "example.com/app/between"

//ws:gateway /chat
type Chat struct{}

//ws:subscribe say
func (c *Chat) Say(m between.Message) {}
-- between/ws_gen.go --
package between

type Message = int
-- between/zz.go --
package between

import "example.com/app/room"

type Message struct{ Room room.Room }
-- room/room.go --
package room

//ws:gateway /room
type Room struct{}
`)})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	got := payload(t, p, "example.com/app/chat", "Chat", "Say", 0)
	if _, ok := got.Underlying().(*types.Struct); !ok {
		t.Errorf("the payload is %v", got.Underlying())
	}
}

// TestLoadBesideAStaleFile: where the go command stumbles over a generated file
// of another package, build constraints still say which files are in.
func TestLoadBesideAStaleFile(t *testing.T) {
	t.Parallel()
	p, list, err := Load(t.Context(), Options{Tags: []string{"special"}, Dir: module(t, `
-- chat/chat.go --
package chat

//ws:gateway /chat
type Chat struct{}
-- chat/chat_plan9.go --
package chat

//ws:gateway /plan9
type Plan9 struct{}
-- chat/not_special.go --
//go:build !special

package chat

//ws:gateway /not
type NotSpecial struct{}
-- chat/special.go --
//go:build special

package chat

type Special struct{}
-- chat/ws_gen.go --
package formerly
`)})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	pkg := p.Packages[0]
	if len(pkg.Files) != 2 || len(pkg.Others) != 2 || pkg.Types.Scope().Lookup("Special") == nil {
		t.Errorf("%d files, %d others, %v", len(pkg.Files), len(pkg.Others), pkg.Types.Scope().Names())
	}
}
