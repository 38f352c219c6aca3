package source

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// Compiled is what the go command said once about the packages that a test's
// programs import, so that loading a program needs no go command.
type Compiled struct {
	gc      types.Importer
	exports map[string]*packages.Package
	files   []*token.File
}

// Compile asks the go command in the current folder about packages and all
// they depend on.
func Compile(ctx context.Context, paths ...string) (*Compiled, error) {
	exports, err := lister{ctx: ctx}.exports(paths, compiling)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	d := newDependencies(fset, exports, made())
	for _, path := range slices.Sorted(maps.Keys(exports)) {
		if _, err := d.Import(path); err != nil {
			return nil, err
		}
	}
	c := &Compiled{gc: d.gc, exports: exports}
	fset.Iterate(func(f *token.File) bool {
		c.files = append(c.files, f)
		return true
	})
	return c, nil
}

// Import returns a compiled package.
func (c *Compiled) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	return c.gc.Import(path)
}

// Load is Load of everything in the module that is written to dir, with c in
// the place of the go command. The module requires google/wire.
func (c *Compiled) Load(dir, path string) (*Program, diag.List, error) {
	m := Module{Path: path, Dir: dir, Go: "1.26.0", requires: map[string]bool{WirePath: true}, generated: made()}
	folders, err := scan(m, nil)
	if err != nil {
		return nil, nil, err
	}
	fset := token.NewFileSet()
	fset.AddExistingFiles(c.files...)
	p := &Program{
		Fset: fset, folders: folders, target: defaultTarget(nil), Module: m,
	}
	candidates := parseCandidates(fset, folders)
	slices.SortFunc(candidates, func(a, b *candidate) int { return strings.Compare(a.dir, b.dir) })
	g := newGraph(p.Module, folders, candidates)

	listed := map[string]*packages.Package{}
	for dir := range g.imports {
		l := &packages.Package{PkgPath: p.Module.importPath(dir), Dir: dir, Module: &packages.Module{GoVersion: p.Module.Go}}
		in := p.belongs(folders[dir], nil)
		for _, file := range folders[dir].files {
			if in(file) {
				l.GoFiles = append(l.GoFiles, file)
			}
		}
		listed[dir] = l
	}
	p.deps = newDependencies(fset, c.exports, m.generated)
	p.deps.gc = c.gc
	var list diag.List
	for _, candidate := range candidates {
		pkg, problems, err := p.assemble(candidate, listed[candidate.dir])
		if err != nil {
			return nil, nil, err
		}
		pkg.Requested = true
		list = append(list, problems...)
		p.Packages = append(p.Packages, pkg)
	}
	if list.HasErrors() {
		return nil, list.Sort(), nil
	}
	slices.SortFunc(p.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	p.check(listed)
	return p, list.Sort(), nil
}

// Units returns the files of every package that was read from source, by
// import path, without those that stand for export data.
func (p *Program) Units() map[string][]*ast.File {
	units := map[string][]*ast.File{}
	for path, u := range p.deps.units {
		if !u.stale {
			units[path] = u.files
		}
	}
	return units
}

// made are the files that wsgen writes, as its table of artifacts has them.
func made() mark.Files {
	return mark.Files{"ws_gen.go": mark.Go, "ws_wire_gen.go": mark.Go}
}

// moduleOf is the module of dir, as Load takes it.
func moduleOf(dir string) (Module, error) {
	m, err := findModule(dir)
	m.generated = made()
	return m, err
}
