package source

import (
	"context"
	"go/ast"
	"go/build"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/packages"

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
	// folders that the patterns named, whether or not anything is annotated there.
	// A file that is not written again is an orphan.
	Generated []string
	// Foreign are the files of such names in the whole module that wsgen did not
	// write, and must not replace.
	Foreign []string
	// Blocked is what has such a name and is no file: by path, what it is.
	Blocked map[string]string

	// Whole says that the go command had nothing to complain about, so the run
	// depends on files only, and not on a download to come. All these files stand
	// where package cache looks for changes. What was compiled before does not count:
	// the program is the same, whether export data or source tells of a package.
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

// otherBuilds is what the files of one folder declare that are not in every
// build of its package.
type otherBuilds struct {
	types   map[string]bool     // by name
	methods map[string][]string // by the name of the receiver's type
	files   []*otherBuilds      // of each file
}

// Variation says what another build of a program may have in the place of a
// type.
type Variation uint8

// The variations.
const (
	Same      Variation = iota // the same type
	ByVersion                  // another, with another version of a module
	ByBuild                    // another, for another system or with other tags
)

// unit is a package that is type-checked from source.
type unit struct {
	path, name, goVersion string
	files                 []*ast.File
	info                  *types.Info
	paths                 map[string]string // what it imports by another path: by that of the import line
	stale                 bool              // it stands for export data, and is to look like it

	pkg    *types.Package
	errors []types.Error
	busy   bool
}

// dependencies resolves imports: units from source, everything else from export
// data.
type dependencies struct {
	fset      *token.FileSet
	units     map[string]*unit
	exports   map[string]*packages.Package
	generated mark.Files // of a unit, these are not read
	gc        types.Importer
	syntax    map[string][]*ast.File
	ctx       context.Context         // ends a check that is under way, at its next import; nil: nothing does
	local     func(path string) *unit // finds what was not loaded; nil: nothing more is
	target    target                  // what all are built for

	disk map[string]string // where files are, by what export data calls them (onDisk); nil: not asked for

	stale bool                // what nothing has compiled was read from source, without mistakes
	lines map[*token.File]int // files of that, and how many lines export data counts above their first
}

// target is what the go command builds for.
type target struct {
	build.Context
	sure  bool   // the go command has the same idea of the module and its files
	flags string // GOFLAGS
}

// parsed is a file that was read, with its syntax errors if it has any.
type parsed struct {
	path string
	file *ast.File
	err  error
}

// candidate is a folder of the module with a comment that is, or looks like, a
// directive, or with a file that may have one and cannot be read.
type candidate struct {
	*folder
	files []parsed
	tests []parsed
}
