// Package emit is what every output of wsgen has in common: a File, the
// Artifact that it is one of, and the run that makes files of a model.
package emit

import (
	"context"
	"go/token"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// File is one generated file.
type File struct {
	Path string // absolute
	Data []byte
	// Folders says that the folder of the file is made if it is not there. Else that
	// is a failure.
	Folders bool
}

// Artifact is a kind of generated file: one row of the table of all that wsgen
// makes. Writing, recognizing, comparing and watching files take names and
// headers from it.
type Artifact struct {
	Name  string // as settings and documents call it: server, wire
	Scope Scope
	// File is the file's base name, in the folder of its package. Of a PerApp
	// artifact it is the absolute path that the user chose.
	File   string
	Header mark.Line // how the file says that wsgen wrote it
	// Format makes the file from the text that Emit has written; nil leaves the
	// text as it is.
	Format func(text []byte) ([]byte, error)
	// Wanted says which contract a PerApp artifact tells of. Contracts are made only
	// if an artifact of the table wants one.
	Wanted Wanted
	// Variant is what the text depends on besides the model, such as a version that
	// the user chose; "" is nothing.
	Variant string
	Emit    Emitter
}

// Wanted is a contract that the user asked for.
type Wanted struct {
	model.Selection
	Value    string         // as it is written: web/live.schema.json from ./cmd/live
	Pos, End token.Position // of Value; no line: it is a flag
}

// Scope says how many files there are of an Artifact.
type Scope uint8

// The scopes.
const (
	PerPackage Scope = iota // one in each package that needs it
	PerApp                  // one, which tells of a whole application
)

// Emitter makes the files of one Artifact. It fails only if ctx has ended or wsgen
// has a defect: resolve has already reported every mistake that a user can make.
type Emitter func(context.Context, *Run, Artifact) ([]File, error)

// Memory knows files that earlier runs of this build of wsgen made. Several
// goroutines call it at once.
type Memory interface {
	// Recall returns the text of the file at path, if it was made of the model
	// with this digest.
	Recall(path, digest string) (text []byte, ok bool)
	// Keep remembers what was made.
	Keep(path, digest string, text []byte)
}

// Run is what the emitters of one run share.
type Run struct {
	prog     *model.Program
	packages []*model.Package // those of which files are made
	memory   Memory
	digests  []string // of the packages; nil without a memory
}

// NewRun prepares to make the files of prog, which must not change any more.
// Without a memory all are made anew.
func NewRun(prog *model.Program, memory Memory) *Run {
	r := &Run{prog: prog, packages: slices.Concat(prog.Packages, prog.Served), memory: memory}
	if memory != nil {
		r.digests = digests(r.packages)
	}
	return r
}
