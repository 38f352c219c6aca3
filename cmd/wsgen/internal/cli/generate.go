package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cache"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

func generate(ctx context.Context, s streams, args []string) int {
	j, code := begin(s, "generate", generateFlags(), args)
	if j == nil {
		return code
	}
	if j.flags.stdout {
		prepareMemory()
		result, err := pipeline.Run(ctx, j.opts, output.Stdout{Out: s.out, Dir: j.dir})
		return j.report(ctx, result, err)
	}
	result, _, err := j.generate(ctx)
	if code := j.report(ctx, result, err); code != exitOK {
		return code
	}
	if line := changed(j.dir, result.Changes); line != "" {
		fmt.Fprintf(j.said(), "wsgen: %s\n", line)
	}
	return exitOK
}

// generate brings the generated files up to date. It does nothing if they were so
// after the last run and no file has changed since. Then the run is short, and
// its result is that of the last one.
func (j *job) generate(ctx context.Context) (result pipeline.Result, short bool, err error) {
	// The lock is held for the whole run. Otherwise a run that has read older files
	// might write after one that has read newer ones.
	unlock, err := cache.Lock(ctx, j.root)
	if ctx.Err() != nil {
		return pipeline.Result{}, false, ctx.Err()
	}
	alone := err == nil
	if alone {
		defer unlock()
	}
	entry := j.entry()
	if entry != nil && !j.flags.force {
		if result, ok := fresh(entry); ok {
			return result, true, nil
		}
	}

	prepareMemory()
	progress := j.progress()
	defer progress.stop()
	opts := j.opts
	opts.Step = progress.step
	if made, err := cache.OpenMade(j.root); err == nil {
		opts.Memory = made
		defer func() { _ = made.Save() }() // if it fails, the next run makes all files again
	}
	sink := &keeper{Sink: output.Disk{Alone: alone, Writing: j.writing}}
	result, err = pipeline.Run(ctx, opts, sink)
	if err == nil && entry != nil && result.Whole && !result.Diagnostics.HasErrors() {
		remember(entry, result, sink.plan)
	}
	return result, false, err
}

// query is this run as the cache knows it.
func (j *job) query() cache.Query {
	table := j.opts.Table()
	var asked []string
	for _, o := range j.opts.Outputs {
		asked = append(asked, o.Setting+"="+o.Value)
	}
	for _, f := range j.opts.Forms {
		asked = append(asked, "type="+f.Name+"="+f.Type+" format="+f.Format)
	}
	return cache.Query{
		Dir: j.dir, Root: j.root, Ignored: j.ignored,
		Asked: append([]string{
			"tags=" + strings.Join(j.opts.Tags, ","), "wire=" + string(j.opts.Wire), fmt.Sprint("fuzz=", j.opts.Fuzz),
			fmt.Sprint("posture=", j.opts.RequirePosture), fmt.Sprint("werror=", j.opts.WarningsFail), strings.Join(asked, "\n"),
			"asyncapi=" + j.opts.AsyncAPIVersion,
		}, j.opts.Patterns...),
		Generated: table.Names(), Outputs: table.Paths(),
	}
}

// entry is the place of this run in the cache, or nil if it has none.
func (j *job) entry() *cache.Entry {
	entry, err := cache.Open(j.query())
	if err != nil {
		return nil // a run that cannot be remembered is a run like any other
	}
	return entry
}

// note is what the cache keeps of a run besides its files.
type note struct {
	Packages int       `json:"packages"`
	Warnings diag.List `json:"warnings,omitempty"`
	// Traces are those of a run that found nothing.
	Traces []pipeline.Trace `json:"traces,omitempty"`
}

// fresh is the result of a run that would change nothing.
func fresh(entry *cache.Entry) (pipeline.Result, bool) {
	data, ok := entry.Fresh()
	var n note
	if !ok || json.Unmarshal(data, &n) != nil {
		return pipeline.Result{}, false
	}
	return pipeline.Result{Packages: n.Packages, Diagnostics: n.Warnings, Traces: n.Traces, Whole: true}, true
}

func remember(entry *cache.Entry, result pipeline.Result, plan output.Plan) {
	data, err := json.Marshal(note{result.Packages, result.Diagnostics, result.Traces})
	if err != nil {
		return
	}
	files := map[string][]byte{}
	for _, f := range plan.Files {
		files[f.Path] = f.Data
	}
	_ = entry.Record(data, files) // if it fails, the next run is not a short one
}

// keeper is a Sink that keeps the plan it passes on.
type keeper struct {
	output.Sink
	plan output.Plan
}

func (k *keeper) Put(ctx context.Context, plan output.Plan) ([]output.Change, error) {
	k.plan = plan
	return k.Sink.Put(ctx, plan)
}

func check(ctx context.Context, s streams, args []string) int {
	j, code := begin(s, "check", checkFlags(), args)
	if j == nil {
		return code
	}
	prepareMemory()
	result, err := pipeline.Run(ctx, j.opts, output.Check{Out: j.said(), Dir: j.dir})
	if code := j.report(ctx, result, err); code != exitOK {
		return code
	}
	if len(result.Changes) == 0 {
		if len(result.Traces) > 0 { // told above: nothing that was checked is no check
			return exitFail
		}
		return exitOK
	}
	j.lineEnds(result.Changes)
	s.errorf("%s not up to date; to update: %s", count(len(result.Changes), "generated file is", "generated files are"), j.flags.commandLine())
	return exitFail
}

// lineEnds tells of files that differ by their line ends only, and how to keep
// those that wsgen writes.
func (j *job) lineEnds(changes []output.Change) {
	var names []string
	for _, c := range changes {
		if c.Ends() {
			names = append(names, output.Relative(j.dir, c.Path))
		}
	}
	if len(names) > 0 {
		j.errorf("CRLF line ends, and no other difference, in %s: to have Git keep those that wsgen writes, put this line into .gitattributes: ws_*gen*.go text eol=lf", summary(names))
	}
}
