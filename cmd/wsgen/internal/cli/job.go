package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// job is one run over the user's packages: where, and with which options.
type job struct {
	streams
	flags *runFlags
	dir   string // absolute
	root  string // of the module
	wrong bool   // the last run of watch had something to complain about
	// ignored are the folders that go.mod ignores.
	ignored func(dir string) bool
	opts    pipeline.Options
}

// said is where lines for people go: to standard error if a program reads the
// mistakes on standard output.
func (j *job) said() io.Writer {
	if j.flags.format == formatJSON {
		return j.err
	}
	return j.out
}

// although names the first trace of a gateway, for a run that found none.
func (j *job) although(traces []pipeline.Trace) string {
	if len(traces) == 0 {
		return ""
	}
	t := traces[0]
	place := filepath.ToSlash(output.Relative(j.dir, t.Path))
	if t.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, t.Line)
	}
	return fmt.Sprintf("; yet %s is %s: wsgen reads what go list %s has", place, t.What, strings.Join(patterns(j.opts.Patterns), " "))
}
