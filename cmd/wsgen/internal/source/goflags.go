package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// heed fails if GOFLAGS has the go command read other files than those on disk.
// wsgen reads the files on disk, so the two would see different programs.
func (p *Program) heed(dir, flags string) error {
	for flag := range strings.FieldsSeq(flags) {
		name, path, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		var err error
		switch name {
		case "overlay":
			err = p.heedOverlay(dir, path)
		case "modfile":
			err = errors.New("wsgen reads go.mod, and so does what lists packages for it: run wsgen without")
		}
		if err != nil {
			return fmt.Errorf("GOFLAGS has %s: %w", flag, err)
		}
	}
	return nil
}

// heedOverlay fails if an overlay replaces a Go file of the module that wsgen
// reads.
func (p *Program) heedOverlay(dir, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		return err
	}
	for file := range overlay.Replace {
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		if strings.HasSuffix(file, ".go") && within(p.Module.Dir, filepath.Clean(file)) && !p.Module.generated.Named(file) {
			return fmt.Errorf("it replaces %s, and wsgen reads that as it is on disk: run wsgen without", file)
		}
	}
	return nil
}
