package source

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"

	"golang.org/x/tools/go/packages"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

func newDependencies(fset *token.FileSet, exports map[string]*packages.Package, generated mark.Files) *dependencies {
	d := &dependencies{
		fset: fset, units: map[string]*unit{}, exports: exports, generated: generated, syntax: map[string][]*ast.File{},
		target: defaultTarget(nil), lines: map[*token.File]int{},
	}
	d.gc = importer.ForCompiler(fset, "gc", d.open)
	return d
}

func (d *dependencies) open(path string) (io.ReadCloser, error) {
	p := d.exports[path]
	if p == nil || p.ExportFile == "" {
		return nil, fmt.Errorf("%s has no export data", path)
	}
	return os.Open(p.ExportFile)
}

// Import implements types.Importer.
func (d *dependencies) Import(path string) (*types.Package, error) {
	if d.ctx != nil && d.ctx.Err() != nil {
		return nil, d.ctx.Err()
	}
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if u := d.units[path]; u != nil {
		return d.check(u)
	}
	if p := d.exports[path]; p != nil && p.ExportFile == "" {
		return nil, why(p)
	}
	if d.exports[path] == nil && d.local != nil {
		if u := d.local(path); u != nil {
			d.units[path] = u
			return d.check(u)
		}
	}
	return d.gc.Import(path)
}

// why is the reason that the go command gives for a package it cannot load.
func why(p *packages.Package) error {
	for _, e := range p.Errors {
		return errors.New(e.Msg)
	}
	return errors.New("the package does not compile")
}

func (d *dependencies) check(u *unit) (*types.Package, error) {
	if u.busy {
		return nil, errors.New("import cycle")
	}
	if u.pkg != nil {
		return u.pkg, nil
	}
	u.busy = true
	defer func() { u.busy = false }()
	conf := d.config(u)
	u.pkg, _ = conf.Check(u.path, d.fset, u.files, u.info) // every error went to conf.Error
	return u.pkg, nil
}

// unitImports resolves the imports of one package.
type unitImports struct {
	*dependencies
	paths map[string]string
}

// Import implements types.Importer.
func (i unitImports) Import(path string) (*types.Package, error) {
	return i.dependencies.Import(cmp.Or(i.paths[path], path))
}

// config is how u is type-checked.
func (d *dependencies) config(u *unit) types.Config {
	conf := types.Config{
		Importer:         unitImports{d, u.paths},
		IgnoreFuncBodies: true,
		FakeImportC:      true,
		Sizes:            types.SizesFor("gc", d.target.GOARCH),
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok {
				u.errors = append(u.errors, e)
			}
		},
	}
	if u.goVersion != "" {
		conf.GoVersion = "go" + u.goVersion
	}
	return conf
}

// fallBack makes units of the packages that export data cannot serve. It reports
// no syntax errors in them: a declaration that they hide shows up as a type that
// is not known.
func (d *dependencies) fallBack(paths map[string]bool) {
	for path, is := range paths {
		if p := d.exports[path]; is && d.units[path] == nil && p != nil && len(p.GoFiles) > 0 {
			d.units[path] = d.unitOf(p)
		}
	}
}

func (d *dependencies) unitOf(p *packages.Package) *unit {
	u := &unit{path: p.PkgPath, name: p.Name}
	if p.Module != nil {
		u.goVersion = p.Module.GoVersion
	}
	for _, path := range p.GoFiles {
		if d.generated.On(path) {
			continue
		}
		f, _ := parser.ParseFile(d.fset, path, nil, parser.SkipObjectResolution)
		if f != nil {
			u.files = append(u.files, f)
		}
	}
	return u
}
