package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
)

// begin reads command line and settings. If the job is nil, the run is over with
// code, and everything has been said.
func begin(s streams, command string, flags *runFlags, args []string) (j *job, code int) {
	if err := flags.parse(s, args); err != nil {
		return nil, usageExit(s, err, command)
	}
	dir, err := workDir(flags.dir)
	if err != nil {
		s.errorf("%v", err)
		return nil, exitFail
	}
	j = &job{streams: s, flags: flags, dir: dir}
	if err := j.configure(); err != nil {
		s.errorf("%v", err)
		return nil, exitFail
	}
	if j.opts.Dir == "" { // the settings have mistakes, which were printed
		return nil, exitFail
	}
	return j, exitOK
}

// configure fills in the options from the settings file and the flags above
// it. If the file has mistakes it prints them and leaves the options empty.
func (j *job) configure() error {
	module, err := pipeline.FindModule(j.dir)
	if err != nil {
		return err
	}
	set, mistakes, err := settings.Load(module.Dir)
	if err != nil {
		return err
	}
	if mistakes.HasErrors() {
		return j.mistakes(mistakes)
	}
	if err := j.flags.above(&set); err != nil {
		return err
	}
	j.root, j.ignored = module.Dir, module.Ignores
	j.opts = pipeline.Options{
		Dir: j.dir, Patterns: j.flags.set.Args(),
		Tags: set.Tags, Wire: pipeline.Wire(set.Wire), Fuzz: set.Fuzz,
		RequirePosture: set.RequirePosture, WarningsFail: set.WarningsFail, Outputs: outputs(set.Outputs, module.Dir),
		AsyncAPIVersion: set.AsyncAPIVersion,
	}
	for _, f := range set.Forms {
		j.opts.Forms = append(j.opts.Forms, pipeline.Form(f))
	}
	return nil
}

// outputs are the files that the settings of the module at root ask for.
func outputs(list []settings.Output, root string) (all []pipeline.Output) {
	for _, o := range list {
		all = append(all, pipeline.Output{
			Setting: o.Setting, File: filepath.Join(root, filepath.FromSlash(o.Path)),
			Selection: model.Selection{App: o.From, Only: strings.Join(o.Only, " ")},
			Value:     o.Value, Pos: o.Pos, End: o.End,
		})
	}
	return all
}

// report prints what went wrong, and what a user might wonder about.
func (j *job) report(ctx context.Context, result pipeline.Result, err error) int {
	if err != nil && ctx.Err() != nil {
		j.errorf("interrupted, no file was changed")
		return exitInterrupted
	}
	if result.Diagnostics.HasErrors() {
		if err := j.mistakes(result.Diagnostics); err != nil {
			j.errorf("%v", err)
		}
		return exitFail
	}
	if printErr := j.printMistakes(result.Diagnostics); printErr != nil {
		return exitFail
	}
	if err != nil {
		j.errorf("%v", err)
		return exitFail
	}
	if result.Packages == 0 {
		j.errorf("no //ws: directives here: nothing to generate%s", j.although(result.Traces))
	}
	return exitOK
}

// patterns are those that a run is about.
func patterns(given []string) []string {
	if len(given) == 0 {
		return []string{"./..."}
	}
	return given
}

func usageExit(s streams, err error, command string) int {
	if errors.Is(err, errHelp) {
		return help(context.Background(), s, []string{command})
	}
	return exitUsage
}

// workDir is the absolute folder that the run sees as its own.
func workDir(dir string) (string, error) {
	if dir == "" {
		return os.Getwd()
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("-C: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("-C: %s is not a folder", dir)
	}
	return filepath.Abs(dir)
}
