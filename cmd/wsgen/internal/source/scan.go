package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// The names of the files that wsgen writes into a package. They are never read.
const (
	GeneratedFile     = "ws_gen.go"
	GeneratedWireFile = "ws_wire_gen.go"
)

func isGenerated(name string) bool {
	return name == GeneratedFile || name == GeneratedWireFile
}

// folder is one folder of the module that holds Go files.
type folder struct {
	dir       string
	files     []string // absolute paths, by name, without generated ones and tests
	tests     []string // those tests that mention a directive
	allTests  []string // all of them
	generated []string
	mentions  bool // some file has the text of a directive
}

// scan reads the text of every Go file of the module. Like the go command it
// leaves out nested modules, vendor, testdata, and names that begin with . or _.
func scan(root string) (map[string]*folder, error) {
	folders := map[string]*folder{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			if path != root && skipped(path, name) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || name[0] == '.' || name[0] == '_' || !e.Type().IsRegular() {
			return nil
		}
		dir := filepath.Dir(path)
		f := folders[dir]
		if f == nil {
			f = &folder{dir: dir}
			folders[dir] = f
		}
		return f.add(path, name)
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the module's folders: %w", err)
	}
	return folders, nil
}

func skipped(path, name string) bool {
	if name[0] == '.' || name[0] == '_' || name == "testdata" || name == "vendor" || name == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

func (f *folder) add(path, name string) error {
	if isGenerated(name) {
		f.generated = append(f.generated, path)
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mentions := directive.Mentioned(text)
	f.mentions = f.mentions || mentions
	if !strings.HasSuffix(name, "_test.go") {
		f.files = append(f.files, path)
		return nil
	}
	f.allTests = append(f.allTests, path)
	if mentions {
		f.tests = append(f.tests, path)
	}
	return nil
}
