package source

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// Position is where pos stands. Of packages that were not read from source, and of
// those that only stand for export data, the column is not known.
func (p *Program) Position(pos token.Pos) token.Position {
	where := p.Fset.Position(pos)
	if above, ok := p.deps.lines[p.Fset.File(pos)]; ok {
		where.Line += above
		where.Offset, where.Column = where.Line-1, 1
	}
	return where
}

// Import returns the types of a package that an annotated package imports,
// directly or not, with its whole scope.
func (p *Program) Import(path string) (*types.Package, error) { return p.deps.Import(path) }

// Paths are the import paths of the module's folders that hold Go files, sorted.
func (p *Program) Paths() []string {
	var paths []string
	for dir := range p.folders {
		if within(p.Module.Dir, dir) {
			paths = append(paths, p.Module.importPath(dir))
		}
	}
	slices.Sort(paths)
	return paths
}

// FromSource returns the import paths that the package path imports, if it was
// read from source: it is annotated, or imports an annotated package.
func (p *Program) FromSource(path string) ([]string, bool) {
	u := p.deps.units[path]
	if u == nil || u.pkg == nil || u.stale {
		return nil, false
	}
	var paths []string
	for _, to := range u.pkg.Imports() {
		paths = append(paths, to.Path())
	}
	return paths, true
}

// Syntax returns those files of a package of another module that mention a
// directive, with comments: for what a gateway embeds from there.
func (p *Program) Syntax(path string) []*ast.File {
	if files, ok := p.deps.syntax[path]; ok {
		return files
	}
	var files []*ast.File
	if listed := p.deps.exports[path]; listed != nil {
		var paths []string
		for _, file := range listed.GoFiles {
			if text, err := os.ReadFile(file); err == nil && directive.Mentioned(text) && !p.Module.generated.Wrote(file, text) {
				paths = append(paths, file)
			}
		}
		for _, f := range parseAll(p.Fset, paths) {
			if f.file != nil {
				files = append(files, f.file)
			}
		}
	}
	p.deps.syntax[path] = files
	return files
}

// inSight reports whether all of list stand where package cache looks for
// changes. It does not look into hidden folders, those that an ignore line of
// go.mod covers, and node_modules of other modules. A pattern with dots finds
// nothing there, but the name of a folder does, and an import line.
func inSight[K comparable](m Module, list map[K]*packages.Package) bool {
	for _, p := range list {
		if p.Module == nil || p.Module.Dir == "" || p.Dir == "" {
			continue
		}
		rel, err := filepath.Rel(p.Module.Dir, p.Dir)
		own := p.Module.Dir == m.Dir
		if err != nil || own && m.Ignores(p.Dir) || slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), func(elem string) bool {
			return len(elem) > 1 && elem[0] == '.' && elem != ".." || !own && elem == "node_modules"
		}) {
			return false
		}
	}
	return true
}
