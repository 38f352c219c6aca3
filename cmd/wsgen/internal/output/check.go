package output

import (
	"context"
	"io"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
)

// Check writes nothing but a unified diff, from what is on disk to what the
// source asks for, line ends aside.
type Check struct {
	Out io.Writer
	Dir string // paths are printed relative to it
}

// Put prints the diff of every change.
func (c Check) Put(_ context.Context, plan Plan) ([]Change, error) {
	changes, err := plan.Changes()
	if err != nil {
		return nil, err
	}
	for _, ch := range changes {
		name := ch.Path
		if rel, err := filepath.Rel(c.Dir, ch.Path); err == nil {
			name = rel // of an application's gateways it begins with ..
		}
		name = filepath.ToSlash(name)
		from, to := "a/"+name, "b/"+name
		if ch.Old == nil {
			from = "/dev/null"
		}
		if ch.New == nil {
			to = "/dev/null"
		}
		if ch.Ends() {
			continue // a diff of every line says nothing
		}
		if _, err := c.Out.Write(diff.Diff(from, unix(ch.Old), to, ch.New)); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// Relative is path as seen from dir, or path itself if it is not below dir.
func Relative(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return rel
}
