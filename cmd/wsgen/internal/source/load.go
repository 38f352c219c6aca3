package source

import (
	"context"
	"errors"
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
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// Options say what to load. The zero value is the module of the current
// directory, all of it.
type Options struct {
	Dir      string   // where to run; "" is the current directory
	Patterns []string // ./..., ./chat, example.com/m/chat; none is ./...
	Tags     []string // build tags
	Env      []string // of the go command, as os.Environ has it; nil is os.Environ()
	// Generated are the files that earlier runs may have written into folders. They
	// are not read.
	Generated mark.Files
}

// Load reads the packages that opts name. Mistakes in the user's files are
// diagnostics, and if any of them is an error the Program is nil. The error is a
// failure that has no place in a file: no module, no such package, no go command.
func Load(ctx context.Context, opts Options) (*Program, diag.List, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, nil, err
	}
	module, err := findModule(dir)
	if err != nil {
		return nil, nil, err
	}
	module.generated = opts.Generated
	wanted, err := parsePatterns(opts.Patterns, dir, module)
	if err != nil {
		return nil, nil, err
	}
	folders, err := scan(module, wanted)
	if err != nil {
		return nil, nil, err
	}
	p := &Program{Fset: token.NewFileSet(), Module: module, folders: folders, target: defaultTarget(opts.Tags), Blocked: map[string]string{}}
	requested := func(dir string) bool { return folders[dir].named || wanted.match(dir) }
	var list diag.List
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		p.Foreign = append(p.Foreign, folders[dir].foreign...)
		maps.Copy(p.Blocked, folders[dir].blocked)
		if requested(dir) {
			p.Generated = append(p.Generated, folders[dir].generated...)
			list = append(list, p.parked(folders[dir])...)
		}
	}
	candidates := parseCandidates(p.Fset, folders)
	slices.SortFunc(candidates, func(a, b *candidate) int { return strings.Compare(a.dir, b.dir) })
	for _, c := range candidates {
		if requested(c.dir) {
			list = append(list, p.beyond(c)...)
		}
	}
	g := newGraph(module, folders, candidates)
	l := lister{ctx, dir, opts.Env, opts.Tags}
	more, err := p.load(l, g, candidates)
	list = append(list, more...)
	switch {
	case err == nil:
		err = ctx.Err()
	case ctx.Err() == nil && slices.Equal(l.ask("env", "GO111MODULE"), []string{"off"}):
		err = errors.New("GO111MODULE=off turns modules off, and wsgen works on one: unset it, in the environment or by go env -u GO111MODULE")
	}
	if err != nil || list.HasErrors() {
		return nil, list.Sort(), err
	}
	for _, pkg := range p.Packages {
		pkg.Requested = requested(pkg.Dir)
	}
	return p, list.Sort(), nil
}

// parked tells of directives in files that no build has.
func (p *Program) parked(f *folder) (list diag.List) {
	for _, file := range parseAll(p.Fset, f.parked) {
		if file.file == nil {
			continue
		}
		for _, problem := range directive.Outside(file.file, diag.ParkedFile, "a file whose name begins with "+filepath.Base(file.path)[:1],
			"rename the file; if nobody is to read it, to a name that does not end in .go") {
			list = append(list, diag.Diagnostic{
				Code: problem.Code, Pos: p.Fset.Position(problem.Pos), End: p.Fset.Position(problem.End),
				Message: problem.Message, Help: problem.Help, Warning: true,
			})
		}
	}
	return list
}

// load asks the go command about the packages of g, and type-checks those that
// are read from source.
func (p *Program) load(l lister, g *graph, candidates []*candidate) (diag.List, error) {
	fromSource, fromExport := g.split()
	if len(fromSource) == 0 {
		p.deps = newDependencies(p.Fset, nil, p.Module.generated)
		p.Whole = true
		return nil, nil // nothing is to be asked
	}
	listed, exports, err := p.list(l, g, fromSource, fromExport, cached)
	if err != nil {
		return nil, err
	}
	var list diag.List
	for _, c := range candidates {
		pkg, problems, err := p.assemble(c, listed[c.dir])
		if err != nil {
			return nil, err
		}
		list = append(list, problems...)
		if len(problems) > 0 || c.annotated() {
			p.Packages = append(p.Packages, pkg)
		}
	}
	if list.HasErrors() {
		return list, nil
	}
	slices.SortFunc(p.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	err = p.depend(l, exports, p.ownPaths(listed), func() (map[string]*packages.Package, error) {
		_, all, err := p.list(l, g, fromSource, fromExport, compiling)
		return all, err
	})
	if err != nil {
		return nil, err
	}
	p.Whole = whole(listed, false) && whole(p.deps.exports, !p.deps.stale) && inSight(p.Module, listed) && inSight(p.Module, p.deps.exports)
	p.check(listed)
	return list, nil
}

// depend makes ready what the packages of paths import, which are read from source
// themselves. compile has the go command compile all that, where it has to.
func (p *Program) depend(l lister, exports map[string]*packages.Package, paths map[string]bool, compile func() (map[string]*packages.Package, error)) error {
	p.deps = p.dependencies(l, exports)
	// Where the go command has mistakes to tell, it has compiled what it can.
	if !whole(exports, false) || p.deps.readStale(paths) {
		return nil
	}
	if err := l.ctx.Err(); err != nil {
		return err
	}
	exports, err := compile()
	if err != nil {
		return err
	}
	p.deps = p.dependencies(l, exports)
	return nil
}

func (p *Program) dependencies(l lister, exports map[string]*packages.Package) *dependencies {
	d := newDependencies(p.Fset, exports, p.Module.generated)
	d.ctx, d.target = l.ctx, p.target
	return d
}

// ownPaths are the import paths of the packages that are read from source.
func (p *Program) ownPaths(listed map[string]*packages.Package) map[string]bool {
	paths := map[string]bool{}
	for _, pkg := range p.Packages {
		paths[pkg.Path] = true
	}
	for _, l := range listed {
		paths[l.PkgPath] = true
	}
	return paths
}

// list lists the packages of the folders fromSource, by folder, and those that
// fromExport names and all they depend on, by import path, with the export data that
// it is to have. What the target is shows on the way.
func (p *Program) list(l lister, g *graph, fromSource, fromExport []string, have having) (listed, exports map[string]*packages.Package, err error) {
	folders := g.foldersOf(fromSource)
	guess := guessTarget(l.tags)
	var (
		wg            sync.WaitGroup
		answer        survey
		sure, guessed bool
	)
	wg.Go(func() { answer, sure = l.survey(p.Module, fromExport, have) })
	wg.Go(func() { listed, guessed = guess.plain(p.Module, folders) })
	wg.Wait()
	if answer.asked && !sure {
		have = compiling // what is wrong shows only then
	}
	if !sure {
		return p.askAll(l, folders, fromSource, fromExport, have)
	}
	p.target = answer.target
	if err := p.heed(l.dir, p.target.flags); err != nil {
		return nil, nil, err
	}
	if !guess.same(p.target) {
		listed, guessed = p.target.plain(p.Module, folders)
	}
	if !guessed {
		listed, err = l.folders(fromSource)
	}
	return listed, answer.exports, err
}

// askAll is list where the go command has mistakes to tell, or sees the module
// in its own way.
func (p *Program) askAll(l lister, folders []*folder, fromSource, fromExport []string, have having) (listed, exports map[string]*packages.Package, err error) {
	var (
		errs [2]error
		wg   sync.WaitGroup
	)
	wg.Go(func() {
		p.target = l.target(p.Module)
		if errs[0] = p.heed(l.dir, p.target.flags); errs[0] != nil {
			return
		}
		// The request for exports shows if the module as a whole is broken.
		if plain, ok := p.target.plain(p.Module, folders); ok && len(fromExport) > 0 {
			listed = plain
			return
		}
		listed, errs[0] = l.folders(fromSource)
	})
	wg.Go(func() { exports, errs[1] = l.exports(fromExport, have) })
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, nil, err
		}
	}
	return listed, exports, nil
}

// whole reports whether the go command found all of list, and has it compiled if
// that matters.
func whole[K comparable](list map[K]*packages.Package, compiled bool) bool {
	for _, p := range list {
		if len(p.Errors) > 0 || compiled && p.ExportFile == "" && p.PkgPath != "unsafe" {
			return false
		}
	}
	return true
}

// assemble makes a Package of a candidate: which of its files belong to it.
func (p *Program) assemble(c *candidate, listed *packages.Package) (*Package, diag.List, error) {
	pkg := &Package{Path: p.Module.importPath(c.dir), Dir: c.dir}
	if listed != nil {
		pkg.Path = listed.PkgPath
		if e, ok := p.refusal(listed, c); ok {
			return nil, nil, fmt.Errorf("%s: %s", pkg.Path, e.Msg)
		}
	}
	var list diag.List
	in := p.belongs(c.folder, listed)
	for _, f := range c.files {
		switch {
		case f.byWire():
		case in(f.path) && f.err != nil, f.lost(c.folder):
			list = append(list, syntaxErrors(f)...)
		case in(f.path):
			pkg.Files = append(pkg.Files, f.file)
		case f.file != nil && directive.Any(f.file):
			pkg.Others = append(pkg.Others, f.file)
		}
	}
	for _, f := range parseAll(p.Fset, c.unscanned(listed, p.Module.generated)) {
		if f.err != nil {
			list = append(list, syntaxErrors(f)...)
		} else {
			pkg.Files = append(pkg.Files, f.file)
		}
	}
	for _, f := range c.tests {
		if f.lost(c.folder) {
			list = append(list, syntaxErrors(f)...)
		} else if f.file != nil {
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

// unscanned are files of a package that stand elsewhere: only a program that
// lists packages in place of the go command has any.
func (c *candidate) unscanned(listed *packages.Package, generated mark.Files) (paths []string) {
	if listed == nil || len(listed.Errors) > 0 {
		return nil
	}
	for _, path := range listed.GoFiles {
		if !slices.Contains(c.folder.files, path) && !slices.Contains(c.generated, path) && !generated.On(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// belongs tells which files of a folder are in the build: those that the go
// command lists. If it complains, it may have stopped at a generated file. Then
// go/build applies the same rules to the other files, for the same build.
func (p *Program) belongs(f *folder, listed *packages.Package) func(path string) bool {
	if listed != nil && len(listed.Errors) == 0 {
		return func(path string) bool { return slices.Contains(listed.GoFiles, path) }
	}
	found, _ := p.target.importFolder(f) // an error has its place in a file, which is parsed here
	return func(path string) bool { return !slices.Contains(found.IgnoredGoFiles, filepath.Base(path)) }
}

// refusal is the go command's reason to know nothing about the files of c, if
// it is neither a generated file nor one that is diagnosed here.
func (p *Program) refusal(listed *packages.Package, c *candidate) (packages.Error, bool) {
	if len(listed.GoFiles) > 0 || len(listed.IgnoredFiles) > 0 || twoPackages(c) || c.broken() {
		return packages.Error{}, false
	}
	for _, e := range listed.Errors {
		if e.Kind == packages.ListError && e.Pos == "" && !aboutAny(p.Module.generated, e) && len(c.files) > 0 {
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

// check type-checks the annotated packages and those between them.
func (p *Program) check(listed map[string]*packages.Package) {
	for _, pkg := range p.Packages {
		pkg.Info = &types.Info{
			Defs:  map[*ast.Ident]types.Object{},
			Uses:  map[*ast.Ident]types.Object{},
			Types: map[ast.Expr]types.TypeAndValue{},
		}
		p.deps.units[pkg.Path] = &unit{path: pkg.Path, name: pkg.Name, goVersion: p.Module.Go, files: pkg.Files, info: pkg.Info}
	}
	for _, l := range listed {
		if p.deps.units[l.PkgPath] == nil {
			p.deps.units[l.PkgPath] = p.deps.unitOf(l)
		}
	}
	p.deps.fallBack(unexported(p.deps.exports, p.ownPaths(listed)))
	for _, pkg := range p.Packages {
		u := p.deps.units[pkg.Path]
		pkg.Types, _ = p.deps.check(u)
		pkg.Errors = u.errors
	}
}
