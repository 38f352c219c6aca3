package source

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/tools/go/packages"
)

// A package is stale if the build cache lacks it, as it lacks all of them on a new
// machine. The go command would have to compile it for its export data, and all
// below it: half a minute for net/http. To read the declarations of as many packages
// takes less than a second. So stale packages are read from source, and what comes of
// them is what export data would have said, down to the places of declarations:
// what is generated does not depend on what was compiled.

// staleFile is a file of a stale package.
type staleFile struct {
	unit *unit
	of   *packages.Package
	path string
	file *ast.File // nil: it cannot stand for export data
}

// readStale reads the stale packages, but for those that depend on one of source,
// which are units of their own. It reports whether all of them are right, and the
// same as they would be in export data. What depends on a stale package is stale,
// because the cache knows a package by all that it is made of. So export data never
// speaks of one.
func (d *dependencies) readStale(source map[string]bool) (ok bool) {
	units, files, ok := d.staleUnits(source)
	if !ok {
		return false
	}
	d.parseStale(files)
	for _, f := range files {
		if f.file == nil {
			return false
		}
		f.unit.files = append(f.unit.files, f.file)
		d.lines[d.fset.File(f.file.FileStart)] = linesAbove(f.file)
	}
	for _, u := range units {
		d.units[u.path] = u
	}
	for _, u := range units {
		if _, err := d.check(u); err != nil || len(u.errors) > 0 {
			return false
		}
	}
	d.stale = true
	return true
}

// staleUnits are the stale packages, which are yet to be parsed. ok is false if one
// of them has more than what stands in its Go files, or less.
func (d *dependencies) staleUnits(source map[string]bool) (units []*unit, files []*staleFile, ok bool) {
	own := reaching(d.exports, func(p *packages.Package) bool { return source[p.PkgPath] })
	stale := reaching(d.exports, func(p *packages.Package) bool { return p.ExportFile == "" && p.PkgPath != "unsafe" })
	for _, path := range slices.Sorted(maps.Keys(stale)) {
		p := d.exports[path]
		if !stale[path] || own[path] {
			continue
		}
		if d.target.Compiler != "gc" || !usualFlags(d.target.flags) || p == nil || len(p.GoFiles) == 0 || swig(p) {
			return nil, nil, false
		}
		u := &unit{path: path, name: p.Name, paths: otherPaths(p), stale: true}
		if p.Module != nil {
			u.goVersion = p.Module.GoVersion
		}
		units = append(units, u)
		for _, file := range p.GoFiles {
			files = append(files, &staleFile{unit: u, of: p, path: file})
		}
	}
	return units, files, true
}

// parseStale parses files, several at a time.
func (d *dependencies) parseStale(files []*staleFile) {
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				f := files[i]
				f.file = d.declarations(f.path, d.target.exportName(f.of, f.path), f.of.Module == nil)
			}
		})
	}
	wg.Wait()
}

// declarations parses a file, and leaves out what functions do. It returns nil if
// declarations may look otherwise in export data: what cgo makes of the types of C,
// and what stands below a comment that says that it is of another file. In the
// standard library nothing that is exported is of either kind.
func (d *dependencies) declarations(path, name string, std bool) *ast.File {
	text, err := os.ReadFile(path)
	if err != nil || !std && relined(text) {
		return nil
	}
	f, err := parser.ParseFile(d.fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	for _, decl := range f.Decls {
		// A generic function must have a body.
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
			fn.Body = &ast.BlockStmt{Lbrace: fn.Body.Lbrace, Rbrace: fn.Body.Rbrace}
		}
	}
	if !std && importsC(f) && namesC(f) {
		return nil
	}
	return f
}

// relined reports whether a file may say that a part of it is of another file.
func relined(text []byte) bool {
	return bytes.HasPrefix(text, []byte("//line ")) || bytes.Contains(text, []byte("\n//line ")) || bytes.Contains(text, []byte("/*line "))
}

// namesC reports whether a declaration is made of something of C.
func namesC(f *ast.File) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			id, ok := sel.X.(*ast.Ident)
			found = found || ok && id.Name == "C"
		}
		return !found
	})
	return found
}

// linesAbove is how many lines cgo writes above those of a file: the compiler gets
// what it has written, and counts them.
func linesAbove(f *ast.File) int {
	if importsC(f) {
		return 3
	}
	return 0
}

// swig reports whether a package has Go files that are yet to be made.
func swig(p *packages.Package) bool {
	return slices.ContainsFunc(p.OtherFiles, func(path string) bool {
		return strings.HasSuffix(path, ".swig") || strings.HasSuffix(path, ".swigcxx")
	})
}

// otherPaths are the paths of imports that are not those of the import lines: the
// standard library has packages of other modules below vendor.
func otherPaths(p *packages.Package) map[string]string {
	paths := map[string]string{}
	for path, to := range p.Imports {
		if to != nil && to.PkgPath != path {
			paths[path] = to.PkgPath
		}
	}
	return paths
}

// exportName is what export data calls a file of p. Whoever looks for a comment
// asks for the file by this name, and must find as much or as little in both ways.
func (t target) exportName(p *packages.Package, path string) string {
	base := filepath.Base(path)
	switch {
	case t.trims() && p.Module != nil && p.Module.Version != "":
		return p.Module.Path + "@" + p.Module.Version + strings.TrimPrefix(p.PkgPath, p.Module.Path) + "/" + base
	case t.trims():
		return p.PkgPath + "/" + base
	case p.Module == nil:
		return "$GOROOT/src/" + p.PkgPath + "/" + base
	}
	return filepath.ToSlash(path)
}

// onDisk is where a file is that export data calls by this name. Under -trimpath that
// is no path, and comments of other modules must be found there as well: what is
// generated is the same with the flag and without. Those of the standard library are not.
func (d *dependencies) onDisk(name string) string {
	if d == nil || filepath.IsAbs(name) || !d.target.trims() {
		return name
	}
	if d.disk == nil {
		d.disk = map[string]string{}
		for _, p := range d.exports {
			if p.Module == nil {
				continue
			}
			for _, path := range p.GoFiles {
				d.disk[d.target.exportName(p, path)] = path
			}
		}
	}
	return cmp.Or(d.disk[name], name)
}

// trims reports whether GOFLAGS has -trimpath.
func (t target) trims() (is bool) {
	for flag := range strings.FieldsSeq(t.flags) {
		name, value, set := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		if name == "trimpath" {
			is = !set || value == "true" || value == "1"
		}
	}
	return is
}
