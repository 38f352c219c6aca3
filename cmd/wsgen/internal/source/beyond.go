package source

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// beyond tells of packages that an annotated package imports, that have
// directives themselves, and that no pattern with dots finds: in testdata, say,
// or where an ignore line of go.mod is.
func (p *Program) beyond(c *candidate) (list diag.List) {
	for _, f := range c.files {
		if f.file == nil {
			continue
		}
		for _, spec := range f.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			dir, ok := p.Module.folder(path)
			if !ok || p.folders[dir] != nil || !p.directedIn(dir) {
				continue
			}
			rel, _ := filepath.Rel(p.Module.Dir, dir)
			list = append(list, diag.Diagnostic{
				Code: diag.UnfoundPackage, Pos: p.Fset.Position(spec.Path.Pos()), End: p.Fset.Position(spec.Path.End()),
				Message: "this package has directives, and go list ./... has not the package: nothing is generated for it",
				Help:    fmt.Sprintf("move it, or name it as well: go tool wsgen ./... ./%s", filepath.ToSlash(rel)),
				Warning: true,
			})
		}
	}
	return list
}

// directedIn reports whether a folder that was not looked at is of this module,
// and has a directive.
func (p *Program) directedIn(dir string) bool {
	if home, err := findModule(dir); err != nil || home.Dir != p.Module.Dir {
		return false
	}
	w := walker{p.Module, map[string]*folder{}, map[string]bool{}}
	if w.one(dir) != nil || w.folders[dir] == nil || !w.folders[dir].mentions {
		return false // it is not there, which the go command will say, or has nothing
	}
	return slices.ContainsFunc(parseAll(p.Fset, w.folders[dir].files), func(f parsed) bool { return f.file != nil && directive.Any(f.file) })
}
