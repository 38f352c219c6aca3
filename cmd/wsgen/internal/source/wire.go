package source

import (
	"bytes"
	"os"
)

// WirePath is the import path of google/wire, and its module's.
const WirePath = "github.com/google/wire"

// UsesWire reports whether the module itself uses google/wire: its go.mod needs
// it for the module's own packages or has it as a tool. A requirement that is
// marked // indirect is another module's, unless a file imports wire. A go.mod
// looks so between go get and go mod tidy.
func (p *Program) UsesWire() bool {
	if !p.Module.Requires(WirePath) || p.Module.needs(WirePath) {
		return p.Module.Requires(WirePath)
	}
	for _, f := range p.folders {
		for _, path := range f.files {
			text, err := os.ReadFile(path)
			if err == nil && bytes.Contains(text, []byte(`"`+WirePath+`"`)) {
				return true
			}
		}
	}
	return false
}
