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
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// Program is what one run of wsgen reads: the annotated packages of one
// module, parsed and type-checked, and on demand what they import.
// It is not safe for concurrent use.
type Program struct {
	Fset   *token.FileSet
	Module Module

	// Packages are the annotated packages of the whole module, by import path.
	// Those that the patterns named have Requested set; the others are there
	// because an application may serve them.
	Packages []*Package

	// Generated are the absolute paths of the files that wsgen wrote into the
	// folders that the patterns named, whether or not anything is annotated there:
	// what is not written again is an orphan.
	Generated []string
	// Foreign are those of these names that it did not write, and must not replace.
	Foreign []string

	// Whole says that the go command had nothing to complain about: what the run
	// read depends on files only, and not on what a download might bring. They
	// stand where every change of them is looked for.
	Whole bool

	deps    *dependencies
	folders map[string]*folder
	target  target

	beside  map[string]*folder            // that folderOf has found besides folders
	files   map[string]*ast.File          // that File has read
	others  map[string]*otherBuilds       // by folder
	varying map[*types.TypeName]Variation // what Varies knows of declarations
	program *bool                         // what HasProgram knows
}

// Module is the main module: that of the folder wsgen runs in.
type Module struct {
	Path     string
	Dir      string // absolute
	Go       string // its go line, such as 1.26.0; "" if it has none
	generated mark.Files // what wsgen writes into its folders
	requires map[string]bool
	ignored  []string        // by ignore lines
	indirect map[string]bool // of requires, those that only other modules need
	tools    []string        // packages
}

// Requires reports whether the module's go.mod names path in a require line,
// direct or indirect.
func (m Module) Requires(path string) bool { return m.requires[path] }

// needs reports whether go.mod says that the module itself needs the module
// path: for its own packages, or as a tool.
func (m Module) needs(path string) bool {
	return m.requires[path] && (!m.indirect[path] || slices.ContainsFunc(m.tools, func(tool string) bool {
		return tool == path || strings.HasPrefix(tool, path+"/")
	}))
}

// Package is one annotated package. Its files exclude what wsgen generated.
type Package struct {
	Path      string
	Name      string
	Dir       string // absolute
	Requested bool   // one of the patterns names it

	Files []*ast.File // those that the build includes, by name, with comments
	// Others are files that are not part of the package as it is built now, but
	// hold the text of a directive: tests, and files behind a build constraint.
	Others []*ast.File
	// Names are the identifiers that the package declares at package level in
	// any build, and TestNames those that its tests declare, with their place.
	Names     []string // sorted
	TestNames map[string]token.Pos

	Types  *types.Package
	Info   *types.Info // Defs, Uses, Types
	Errors []types.Error
}

// inSight reports whether all of list stand where package cache looks for
// changes, which is anywhere but in hidden folders and those without end:
// node_modules, and what an ignore line of go.mod keeps from the go command. No
// pattern with dots brings those in, but a folder that is named does, and an
// import line.
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
	if u == nil || u.pkg == nil {
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
