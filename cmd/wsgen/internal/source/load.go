package source

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// Options say what to load. The zero value is the module of the current
// directory, all of it.
type Options struct {
	Dir      string   // where to run; "" is the current directory
	Patterns []string // ./..., ./chat, example.com/m/chat; none is ./...
	Tags     []string // build tags
	Env      []string // of the go command, as os.Environ has it; nil is os.Environ()
}

// Load reads the packages that opts name. Mistakes in the user's files are
// diagnostics, and if any of them is an error the Program is nil; error is
// what has no place in a file: no module, no such package, no go command.
func Load(ctx context.Context, opts Options) (*Program, diag.List, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, nil, err
	}
	module, err := findModule(dir)
	if err != nil {
		return nil, nil, err
	}
	wanted, err := parsePatterns(opts.Patterns, dir, module)
	if err != nil {
		return nil, nil, err
	}
	folders, err := scan(module.Dir)
	if err != nil {
		return nil, nil, err
	}
	p := &Program{Fset: token.NewFileSet(), Module: module, folders: folders, tags: opts.Tags}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		if wanted.match(dir) {
			p.Generated = append(p.Generated, folders[dir].generated...)
		}
	}
	candidates := parseCandidates(p.Fset, folders)
	slices.SortFunc(candidates, func(a, b *candidate) int { return strings.Compare(a.dir, b.dir) })
	g := newGraph(module, folders, candidates)
	list, err := p.read(lister{ctx, dir, opts.Env, opts.Tags}, g, candidates)
	if err != nil || list.HasErrors() {
		return nil, list.Sort(), err
	}
	for _, pkg := range p.Packages {
		pkg.Requested = wanted.match(pkg.Dir)
	}
	return p, list.Sort(), nil
}

// read asks the go command about the packages of g, and type-checks those that
// are read from source.
func (p *Program) read(l lister, g *graph, candidates []*candidate) (diag.List, error) {
	fromSource, fromExport := g.split()
	var (
		listed  map[string]*packages.Package
		exports map[string]*packages.Package
		errs    [2]error
		wg      sync.WaitGroup
	)
	wg.Go(func() {
		// What is wrong with the module as a whole shows when it is asked for exports.
		if plain, ok := l.plain(p.Module, fromSource); ok && len(fromExport) > 0 {
			listed = plain
			return
		}
		listed, errs[0] = l.folders(fromSource)
	})
	wg.Go(func() { exports, errs[1] = l.exports(fromExport) })
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	p.deps = newDependencies(p.Fset, exports)
	p.Whole = whole(listed, false) && whole(exports, true)
	var list diag.List
	for _, c := range candidates {
		pkg, problems, err := p.assemble(c, listed[c.dir], l.tags)
		if err != nil {
			return nil, err
		}
		list = append(list, problems...)
		p.Packages = append(p.Packages, pkg)
	}
	if list.HasErrors() {
		return list, nil
	}
	slices.SortFunc(p.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	p.check(listed, g)
	return list, nil
}

// whole reports whether the go command found all of list, and compiled it if
// that was asked for.
func whole[K comparable](list map[K]*packages.Package, compiled bool) bool {
	for _, p := range list {
		if len(p.Errors) > 0 || compiled && p.ExportFile == "" && p.PkgPath != "unsafe" {
			return false
		}
	}
	return true
}

// assemble makes a Package of a candidate: which of its files belong to it.
func (p *Program) assemble(c *candidate, listed *packages.Package, tags []string) (*Package, diag.List, error) {
	pkg := &Package{Path: p.Module.importPath(c.dir), Dir: c.dir}
	// Where the go command complains, it may have stopped at a stale generated
	// file: then the build constraints are looked at here.
	trusted := listed != nil && len(listed.Errors) == 0
	if listed != nil {
		pkg.Path = listed.PkgPath
		if e, ok := refusal(listed, c); ok {
			return nil, nil, fmt.Errorf("%s: %s", pkg.Path, e.Msg)
		}
	}
	var list diag.List
	for _, f := range c.files {
		in := trusted && slices.Contains(listed.GoFiles, f.path) || !trusted && included(f.path, tags)
		switch {
		case !in:
			if f.file != nil && directive.Any(f.file) {
				pkg.Others = append(pkg.Others, f.file)
			}
		case f.err != nil:
			list = append(list, syntaxErrors(f)...)
		default:
			pkg.Files = append(pkg.Files, f.file)
		}
	}
	for _, f := range c.tests {
		if f.file != nil {
			pkg.Others = append(pkg.Others, f.file)
		}
	}
	if len(list) == 0 && len(pkg.Files) > 0 {
		list = packageClash(p.Fset, pkg.Files)
		pkg.Name = pkg.Files[0].Name.Name
		pkg.Names, pkg.TestNames = c.declared(pkg.Name), c.tested(p.Fset, pkg.Name)
	}
	return pkg, list, nil
}

// refusal is the go command's reason to know nothing about the files of c, if
// it is neither a generated file nor one that is diagnosed here.
func refusal(listed *packages.Package, c *candidate) (packages.Error, bool) {
	if len(listed.GoFiles) > 0 || len(listed.IgnoredFiles) > 0 || twoPackages(c) {
		return packages.Error{}, false
	}
	for _, e := range listed.Errors {
		if e.Kind == packages.ListError && e.Pos == "" && !ours(e) && len(c.files) > 0 {
			return e, true
		}
	}
	return packages.Error{}, false
}

func twoPackages(c *candidate) bool {
	for _, f := range c.files {
		if f.file != nil && c.files[0].file != nil && f.file.Name.Name != c.files[0].file.Name.Name {
			return true
		}
	}
	return false
}

// check type-checks the annotated packages and whatever lies between them.
func (p *Program) check(listed map[string]*packages.Package, g *graph) {
	source := map[string]bool{}
	for _, pkg := range p.Packages {
		pkg.Info = &types.Info{
			Defs:  map[*ast.Ident]types.Object{},
			Uses:  map[*ast.Ident]types.Object{},
			Types: map[ast.Expr]types.TypeAndValue{},
		}
		source[pkg.Path] = true
		p.deps.units[pkg.Path] = &unit{path: pkg.Path, name: pkg.Name, goVersion: p.Module.Go, files: pkg.Files, info: pkg.Info}
	}
	for dir, l := range listed {
		if g.annotated[dir] == nil {
			source[l.PkgPath] = true
			p.deps.units[l.PkgPath] = p.deps.unitOf(l)
		}
	}
	p.deps.fallBack(unexported(p.deps.exports, source))
	for _, pkg := range p.Packages {
		u := p.deps.units[pkg.Path]
		pkg.Types, _ = p.deps.check(u)
		pkg.Errors = u.errors
	}
}
