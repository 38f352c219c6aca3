package output

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// Stdout prints every file in full, changed or not, as a txtar archive.
type Stdout struct {
	Out io.Writer
	Dir string // paths are printed relative to it
}

// Put prints. It compares nothing.
func (s Stdout) Put(_ context.Context, plan Plan) ([]Change, error) {
	for _, f := range plan.Files {
		name := filepath.ToSlash(Relative(s.Dir, f.Path))
		if _, err := fmt.Fprintf(s.Out, "-- %s --\n%s", name, f.Data); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Memory keeps the last Plan, for tests.
type Memory struct{ Plan Plan }

// Put keeps plan.
func (m *Memory) Put(_ context.Context, plan Plan) ([]Change, error) {
	m.Plan = plan
	return nil, nil
}
