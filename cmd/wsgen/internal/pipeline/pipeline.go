// Package pipeline is the whole generator in one function.
package pipeline

import (
	"context"
	"fmt"
	"go/token"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/goclient"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/goserver"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gowire"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// Options say what to generate. The zero value is everything in the module of
// the current directory.
type Options struct {
	Dir      string   // where to run; "" is the current directory
	Patterns []string // packages as the go command names them; none is ./...
	Tags     []string // build tags
	Wire     Wire     // whether to write wire provider sets
	Fuzz     bool     // whether to write fuzz tests
	Env      []string // of the go command; nil is os.Environ()
	// WarningsFail makes every warning an error, so that nothing is written.
	WarningsFail bool
	// RequirePosture refuses a handler that has no guard, in a gateway that has
	// none, unless one of them is marked //ws:public.
	RequirePosture bool
	// Outputs are the files that tell of a whole application.
	Outputs []Output
	// Forms are what types of other modules are in JSON, which they write themselves.
	Forms []Form
	// AsyncAPIVersion is what AsyncAPI documents say that they are of; 3.0.0 or 3.1.0.
	AsyncAPIVersion string
	// Artifacts are what is made, or recognized as made by an earlier run; nil is
	// Artifacts() and the Outputs.
	Artifacts emit.Table
	// Memory, if not nil, knows files that need not be made again.
	Memory emit.Memory
	// Step, if not nil, is told what the run does next, in a word or two.
	Step func(doing string)
}

// Wire says when provider sets for google/wire are written.
type Wire string

// The values of Wire. Empty is WireAuto.
const (
	WireAuto Wire = "auto" // if the module uses google/wire
	WireOn   Wire = "on"
	WireOff  Wire = "off"
)

// Result is what came of a run.
type Result struct {
	// Diagnostics, sorted. If one of them is an error, nothing went to the sink.
	Diagnostics diag.List
	// Packages is how many annotated packages the run covered.
	Packages int
	// Changes are what the sink found different from the disk, by path.
	Changes []output.Change
	// Whole says that the go command found all that the run read, without a mistake:
	// while no file changes, another run does the same.
	Whole bool
	// Traces are where the module shows that it has gateways, if the run found
	// none: files of earlier runs, go:generate lines, and directives in packages
	// that were not asked for or in files that nobody reads.
	Traces []Trace
}

// Trace is one place where a module shows that it has gateways.
type Trace = source.Trace

// Module is a Go module that wsgen runs in.
type Module = source.Module

// FindModule returns the module that dir, an absolute path, belongs to.
func FindModule(dir string) (Module, error) { return source.FindModule(dir) }

// Artifacts are the kinds of files that Run may hand to a sink.
func Artifacts() emit.Table {
	return emit.Table{goserver.Artifact(), gowire.Artifact(), goserver.FuzzArtifact(), goclient.Known()}
}

// Run reads the packages that opts name, and hands what they generate to sink.
// The user's mistakes are in the Result. The error is a failure that has no place
// in a file: no module, a disk that is full, ctx cancelled.
func Run(ctx context.Context, opts Options, sink output.Sink) (Result, error) {
	loaded, program, result, err := analyze(ctx, opts, opts.table().Apps())
	if err == nil && loaded != nil {
		result.Diagnostics = disown(result.Diagnostics, loaded.Foreign, opts.table())
	}
	if err == nil {
		result.Diagnostics = append(result.Diagnostics, twice(opts.table())...).Sort()
	}
	if err != nil || result.Diagnostics.HasErrors() {
		return result, err
	}

	opts.step("writing")
	table := opts.table()
	run := emit.NewRun(program, opts.Memory)
	var files []emit.File
	for _, a := range table {
		if a.Name == gowire.Name && !opts.wires(loaded) || a.Name == goserver.FuzzName && !opts.Fuzz {
			continue
		}
		made, err := a.Emit(ctx, run, a)
		if err != nil {
			return result, err
		}
		files = append(files, made...)
	}

	if err := ctx.Err(); err != nil {
		return result, err
	}
	result.Diagnostics = append(result.Diagnostics, occupied(table, files)...)
	result.Diagnostics = append(result.Diagnostics, misplaced(loaded, opts, files)...)
	for _, f := range files {
		if slices.Contains(loaded.Foreign, f.Path) && !slices.Contains(table.Paths(), f.Path) {
			result.Diagnostics = append(result.Diagnostics, notOurs(f.Path, table))
		}
		if what := loaded.Blocked[f.Path]; what != "" {
			result.Diagnostics = append(result.Diagnostics, inTheWay(f.Path, what))
		}
	}
	if result.Diagnostics.HasErrors() {
		result.Diagnostics = result.Diagnostics.Sort()
		return result, nil
	}
	result.Changes, err = sink.Put(ctx, output.Plan{Files: files, Found: found(loaded.Generated, table)})
	if err != nil {
		return result, fmt.Errorf("cannot update generated files: %w", err)
	}
	return result, nil
}

// found are the files of earlier runs at paths, which this one replaces or removes.
// An output that is still asked for is not among them: a run that does not cover its
// application leaves it alone.
func found(paths []string, table emit.Table) (list []output.Found) {
	asked := table.Paths()
	for _, path := range paths {
		if !slices.Contains(asked, path) {
			a, _ := table.Of(path)
			list = append(list, output.Found{Path: path, Header: a.Header})
		}
	}
	return list
}

// disown replaces what list says about a foreign file, which has the name of a
// generated one and not its mark. The file may be wsgen's, without its first
// line. So the message names that, and not the declarations that clash.
func disown(list diag.List, foreign []string, table emit.Table) diag.List {
	var found []string
	list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool {
		is := d.Code == diag.NameClash && slices.Contains(foreign, d.Pos.Filename)
		if is && !slices.Contains(found, d.Pos.Filename) {
			found = append(found, d.Pos.Filename)
		}
		return is
	})
	for _, path := range found {
		list = append(list, notOurs(path, table))
	}
	return list.Sort()
}

// notOurs refuses to replace a file.
func notOurs(path string, table emit.Table) diag.Diagnostic {
	a, _ := table.Of(path)
	return diag.Diagnostic{
		Code: diag.NotOurs, Pos: token.Position{Filename: path, Line: 1, Column: 1},
		Message: "wsgen writes a file of this name, and did not write this one",
		Help:    "rename it; if it is one of wsgen's that has lost the line " + string(a.Header) + ", remove it, and run wsgen again",
	}
}

// inTheWay refuses to replace what is no file.
func inTheWay(path, what string) diag.Diagnostic {
	return diag.Diagnostic{
		Code: diag.NotOurs, Pos: token.Position{Filename: path},
		Message: "wsgen writes a file of this name, and this is " + what, Help: "rename it, or remove it",
	}
}

// Model reads the packages that opts name and writes nothing. The model is nil
// if the Result has errors, and its errors are those of Run.
func Model(ctx context.Context, opts Options) (*model.Program, Result, error) {
	_, program, result, err := analyze(ctx, opts, nil)
	if err != nil || result.Diagnostics.HasErrors() {
		return nil, result, err
	}
	return program, result, nil
}

// analyze is what Run and Model have in common. loaded and program are not nil
// unless it returns an error, or has one among the diagnostics. The program has the
// contracts that outputs want.
func analyze(ctx context.Context, opts Options, outputs []emit.Artifact) (loaded *source.Program, program *model.Program, result Result, err error) {
	opts.step("reading packages")
	loaded, diags, err := source.Load(ctx, source.Options{
		Dir: opts.Dir, Patterns: opts.Patterns, Tags: opts.Tags, Env: opts.Env, Generated: opts.table().Files(),
	})
	if err != nil || diags.HasErrors() {
		return nil, nil, Result{Diagnostics: diags.Sort()}, err
	}

	program, more := resolve.Resolve(ctx, loaded, resolve.Options{
		RequirePosture: opts.RequirePosture, Wire: opts.wires(loaded), Contracts: wanted(outputs), Fuzz: opts.Fuzz, Forms: opts.Forms,
	})
	if err := ctx.Err(); err != nil {
		return nil, nil, Result{}, err
	}
	digests(program)
	result = Result{Diagnostics: append(diags, more...).Sort(), Packages: len(program.Packages), Whole: loaded.Whole}
	if opts.WarningsFail {
		for i := range result.Diagnostics {
			result.Diagnostics[i].Warning = false
		}
	}
	if result.Packages == 0 {
		result.Traces = loaded.Traces()
	}
	return loaded, program, result, nil
}

// wires reports whether provider sets are written.
func (opts Options) wires(p *source.Program) bool {
	return opts.Wire == WireOn || opts.Wire != WireOff && p.UsesWire()
}

func (opts Options) table() emit.Table {
	if opts.Artifacts != nil {
		return opts.Artifacts
	}
	return opts.Table()
}

func (opts Options) step(doing string) {
	if opts.Step != nil {
		opts.Step(doing)
	}
}
