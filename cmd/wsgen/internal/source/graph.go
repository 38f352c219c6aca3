package source

import (
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// graph is which packages of the module import which, as far as the annotated
// ones reach, read from the import lines alone.
type graph struct {
	module    Module
	folders   map[string]*folder
	annotated map[string]*candidate // by folder
	imports   map[string][]string   // folder → import paths
}

// newGraph follows the imports of the annotated packages through the module.
func newGraph(m Module, folders map[string]*folder, annotated []*candidate) *graph {
	g := &graph{m, folders, map[string]*candidate{}, map[string][]string{}}
	for _, c := range annotated {
		g.annotated[c.dir] = c
	}
	for _, c := range annotated {
		g.visit(c.dir)
	}
	return g
}

func (g *graph) visit(dir string) {
	if _, ok := g.imports[dir]; ok {
		return
	}
	if c := g.annotated[dir]; c != nil {
		g.imports[dir] = imports(c.files)
	} else {
		g.imports[dir] = g.headers(dir)
	}
	for _, path := range g.imports[dir] {
		if to, ok := g.local(path); ok {
			g.visit(to)
		}
	}
}

// headers reads the import lines of a folder that has no directive.
func (g *graph) headers(dir string) []string {
	fset := token.NewFileSet()
	var files []parsed
	for _, path := range g.folders[dir].files {
		f, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
		files = append(files, parsed{path, f, err})
	}
	return imports(files)
}

func (g *graph) local(path string) (dir string, ok bool) {
	dir, ok = g.module.folder(path)
	return dir, ok && g.folders[dir] != nil
}

// split divides the packages that the annotated ones need into folders to read
// from source and import paths to read from export data. The folders are those of
// the annotated packages, and of the packages that reach one. To ask for their
// export data would compile annotated packages, which may not compile yet.
func (g *graph) split() (fromSource, fromExport []string) {
	source := map[string]bool{}
	for dir := range g.imports {
		source[dir] = g.reaches(dir, map[string]bool{})
	}
	exports := map[string]bool{}
	for dir, is := range source {
		if !is {
			continue
		}
		fromSource = append(fromSource, dir)
		for _, path := range g.imports[dir] {
			if to, ok := g.local(path); path != "C" && path != "unsafe" && (!ok || !source[to]) {
				exports[path] = true
			}
		}
	}
	slices.Sort(fromSource)
	return fromSource, slices.Sorted(maps.Keys(exports))
}

// foldersOf are the folders at dirs.
func (g *graph) foldersOf(dirs []string) []*folder {
	list := make([]*folder, len(dirs))
	for i, dir := range dirs {
		list[i] = g.folders[dir]
	}
	return list
}

func (g *graph) reaches(dir string, seen map[string]bool) bool {
	if g.annotated[dir] != nil {
		return true
	}
	if seen[dir] {
		return false
	}
	seen[dir] = true
	for _, path := range g.imports[dir] {
		if to, ok := g.local(path); ok && g.reaches(to, seen) {
			return true
		}
	}
	return false
}

// unexported returns the packages of found that export data cannot serve: those
// without any, and those that import one of source or another such package.
func unexported(found map[string]*packages.Package, source map[string]bool) map[string]bool {
	return reaching(found, func(p *packages.Package) bool {
		return source[p.PkgPath] || p.ExportFile == "" && p.PkgPath != "unsafe"
	})
}

// reaching returns which packages are one that has is true of, or depend on one.
func reaching(found map[string]*packages.Package, has func(*packages.Package) bool) map[string]bool {
	state := map[string]bool{}
	var visit func(p *packages.Package) bool
	visit = func(p *packages.Package) bool {
		if is, ok := state[p.PkgPath]; ok {
			return is
		}
		is := has(p)
		state[p.PkgPath] = is // before its imports, which may be a broken cycle
		for _, to := range p.Imports {
			is = visit(to) || is
		}
		state[p.PkgPath] = is
		return is
	}
	for _, p := range found {
		visit(p)
	}
	return state
}

// aboutAny reports whether a complaint of the go command is about a generated
// file: it names one.
func aboutAny(generated mark.Files, e packages.Error) bool {
	for name := range generated {
		if strings.Contains(e.Pos, name) || strings.Contains(e.Msg, name) {
			return true
		}
	}
	return false
}
