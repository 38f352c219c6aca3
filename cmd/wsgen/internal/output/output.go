// Package output is where generated files go: sinks that write, check, print
// or keep what a run wants on disk. All of them see the same Plan, so Check
// accepts exactly the files that a run would leave alone.
package output

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// Plan is what a run wants on disk.
type Plan struct {
	Files []emit.File // to be there, with exactly this content
	// Found are generated files of earlier runs in the folders of this one.
	// Those that Files no longer has are orphans, and wsgen removes them.
	Found []Found
}

// Found is a generated file of an earlier run.
type Found struct {
	Path   string
	Header mark.Line // by which it is known
}

// Change is one difference between a Plan and the disk.
type Change struct {
	Path string // absolute
	Old  []byte // nil: the file is not there
	New  []byte // nil: the file is to be removed

	folders bool // its folder is made if it is not there
}

// Ends reports whether the file differs by its line ends only: Git gives files
// those of Windows if it is told so.
func (c Change) Ends() bool {
	return c.Old != nil && c.New != nil && bytes.Equal(unix(c.Old), c.New)
}

// unix is a text with the line ends that wsgen writes.
func unix(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// Sink takes the outcome of a run without errors. It returns what differed from
// the disk before, in the order of the paths. Each sink decides whether it writes
// that.
type Sink interface {
	Put(ctx context.Context, plan Plan) ([]Change, error)
}

// Changes compares plan with the disk.
func (plan Plan) Changes() ([]Change, error) {
	var changes []Change
	wanted := map[string]bool{}
	for _, f := range plan.Files {
		wanted[f.Path] = true
		old, err := os.ReadFile(f.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot compare with the generated file of an earlier run: %w", err)
		}
		if err == nil && old == nil {
			old = []byte{} // there, and empty
		}
		if old == nil || !bytes.Equal(old, f.Data) {
			changes = append(changes, Change{Path: f.Path, Old: old, New: f.Data, folders: f.Folders})
		}
	}
	for _, found := range plan.Found {
		path := found.Path
		if wanted[path] {
			continue
		}
		old, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot tell whether wsgen wrote this file: %w", err)
		}
		if found.Header.In(old) {
			changes = append(changes, Change{Path: path, Old: old})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return changes, nil
}
