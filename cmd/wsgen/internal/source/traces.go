package source

import (
	"bytes"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// Trace is a place that shows that a module has, or had, something for wsgen.
type Trace struct {
	Path string // absolute
	Line int    // 0: all of it
	What string // as a sentence names it: "a go:generate line"
}

// Traces are those of the whole module, by path: for a run that found nothing
// where it was to look, and should not be believed too soon.
func (p *Program) Traces() []Trace {
	var all []Trace
	for _, dir := range slices.Sorted(maps.Keys(p.folders)) {
		f := p.folders[dir]
		for _, path := range f.generated {
			all = append(all, Trace{Path: path, What: "a file that wsgen wrote"})
		}
		for _, path := range slices.Concat(f.files, f.allTests) {
			if line := generateLine(path); line > 0 {
				all = append(all, Trace{path, line, "a go:generate line"})
			}
		}
		all = append(all, p.directives(slices.Concat(f.files, f.tests, f.parked))...)
	}
	all = append(all, p.directives(p.leftOut())...)
	slices.SortFunc(all, func(a, b Trace) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// Wrote reports whether wsgen wrote the Go file at path, whatever it is called.
func (p *Program) Wrote(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && bytes.HasPrefix(text, []byte(mark.Go+"\n"))
}

// generateLine is the first line of a file that has go generate run wsgen; 0 if
// there is none.
func generateLine(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		command, ok := bytes.CutPrefix(line, []byte("//go:generate "))
		if ok && slices.ContainsFunc(strings.Fields(string(command)), func(word string) bool {
			name, _, _ := strings.Cut(path.Base(word), "@")
			return name == "wsgen"
		}) {
			return n
		}
	}
	return 0
}

// directives are the first ones of files.
func (p *Program) directives(paths []string) (all []Trace) {
	paths = slices.DeleteFunc(paths, func(path string) bool {
		text, err := os.ReadFile(path)
		return err != nil || !directive.Mentioned(text)
	})
	fset := token.NewFileSet()
	for _, f := range parseAll(fset, paths) {
		if f.file == nil {
			continue
		}
		for _, problem := range directive.Outside(f.file, "", "", "") {
			all = append(all, Trace{f.path, fset.PositionFor(problem.Pos, false).Line, "a directive"})
			break
		}
	}
	return all
}

// leftOut are the Go files of folders that ./... has not. It passes over folders
// that are not the module's own: hidden ones, other modules, vendor and
// node_modules.
func (p *Program) leftOut() (paths []string) {
	top := p.Module.Dir + string(filepath.Separator)
	_ = filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil:
			return nil // a folder that cannot be read shows nothing
		case e.IsDir() && path != top:
			entries, _ := os.ReadDir(path)
			if name[0] == '.' || name == "vendor" || name == "node_modules" || hasModule(path, entries) {
				return filepath.SkipDir
			}
		case e.Type().IsRegular() && strings.HasSuffix(name, ".go") && p.folders[filepath.Dir(path)] == nil:
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}
