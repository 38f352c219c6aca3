// Package emit is what every output of wsgen has in common: a File, and the
// function that makes files of a model.
package emit

import (
	"context"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Header is the first line of every generated Go file.
const Header = mark.Line

// File is one generated file.
type File struct {
	Path string // absolute
	Data []byte
}

// Emitter makes the files of one output. It fails only on a defect of wsgen:
// what a user can get wrong, resolve has already said. Or ctx ended.
type Emitter func(context.Context, *Run) ([]File, error)

// Memory knows files that earlier runs of this build of wsgen made. Several
// goroutines may call it.
type Memory interface {
	// Recall returns the text of the file at path, if it was made of the model
	// with this digest.
	Recall(path, digest string) (text []byte, ok bool)
	// Keep remembers what was made.
	Keep(path, digest string, text []byte)
}

// Run is what the emitters of one run share.
type Run struct {
	prog    *model.Program
	memory  Memory
	digests []string // of the packages; nil without a memory
}

// NewRun prepares to make the files of prog, which must not change any more.
// Without a memory all are made anew.
func NewRun(prog *model.Program, memory Memory) *Run {
	r := &Run{prog: prog, memory: memory}
	if memory != nil {
		r.digests = digests(prog)
	}
	return r
}
