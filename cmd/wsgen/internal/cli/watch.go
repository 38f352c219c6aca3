package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cache"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/watch"
)

func watchFlags() *runFlags { return newRunFlags("watch") }

// watchFiles generates now, and again whenever a file changes.
func watchFiles(ctx context.Context, s streams, args []string) int {
	flags := watchFlags()
	if err := flags.parse(s, args); err != nil {
		return usageExit(s, err, "watch")
	}
	dir, err := workDir(flags.dir)
	if err != nil {
		s.errorf("%v", err)
		return exitFail
	}
	s.writing.watch.Store(true)
	j := &job{streams: s, flags: flags, dir: dir}
	if err := j.configure(); err != nil {
		s.errorf("%v", err)
		return exitFail
	}
	query := j.query()
	var outputs atomic.Pointer[[]string] // the settings may change, and with them what there is
	outputs.Store(&query.Outputs)
	counts := func(name string) bool {
		return query.Counts(name) || slices.ContainsFunc(*outputs.Load(), func(path string) bool { return filepath.Base(path) == name })
	}
	w, err := watch.New(cache.Folders(query), counts, cache.Skips)
	if err != nil {
		s.errorf("cannot watch the module: %v", err)
		return exitFail
	}
	defer func() { _ = w.Close() }() // nobody waits for it any more
	fmt.Fprintf(j.said(), "wsgen: watching %s; end with Ctrl-C\n", j.root)
	for first := true; ; first = false {
		j.again(ctx, first)
		now := j.query().Outputs
		outputs.Store(&now)
		err := w.Wait(ctx)
		if ctx.Err() != nil {
			return exitOK // that is how one ends it
		}
		if err != nil {
			s.errorf("cannot watch the module any more: %v", err)
			return exitFail
		}
	}
}

// again is one run of watch. It prints a line about what it did, or else what is
// wrong. A short run says nothing, because the files that the run before has
// written brought it about. Two short runs print their line all the same: the
// first run of all, and the first one after a mistake, to tell that it is gone.
func (j *job) again(ctx context.Context, first bool) {
	begun := time.Now()
	mended := j.wrong
	j.opts.Dir = ""
	if err := j.configure(); err != nil {
		j.errorf("%v", err)
		j.wrong = true
		return
	}
	if j.opts.Dir == "" {
		j.wrong = true
		return // the settings have mistakes, which were printed
	}
	result, short, err := j.generate(ctx)
	if ctx.Err() != nil || short && !first && !mended {
		return
	}
	if errors.Is(err, os.ErrNotExist) {
		return // a file went away during the run, and that change starts the next one
	}
	if j.wrong = j.report(ctx, result, err) != exitOK; j.wrong {
		return
	}
	line := changed(j.dir, result.Changes)
	if line == "" {
		line = "up to date"
	}
	if mended {
		line = "nothing is wrong any more, " + line
	}
	fmt.Fprintf(j.said(), "%s %s (%d ms)\n", begun.Format(time.TimeOnly), line, time.Since(begun).Milliseconds())
}
