package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// env is where the measurements happen.
type env struct {
	here, work string
	edition    int
	results    results
}

// key names a measurement.
type key struct {
	tool, what string
	size       int
}

// cost is what one run took.
type cost struct{ cpu, wall time.Duration }

// results are all costs, in the order of the rounds.
type results map[key][]cost

// The tools, and what is measured of them.
const (
	wsgen    = "wsgen"
	wire     = "wire v0.7.0"
	goverter = "goverter v1.11.1"
	golist   = "go list -deps -export"
	gotool   = "go tool wsgen"
	nothing  = "go tool wsgen version"

	full    = "full run"
	noop    = "nothing changed"
	edited  = "dependency edited"
	emptied = "empty build cache"
)

// build builds the tools, at the versions of bench/go.mod.
func (e *env) build(ctx context.Context) error {
	return e.quiet(ctx, e.here, nil, "go", "build", "-o", filepath.Join(e.work, "bin")+"/",
		"github.com/wsgen/wsgen/cmd/wsgen", "github.com/google/wire/cmd/wire", "github.com/jmattheis/goverter/cmd/goverter")
}

func (e *env) quiet(ctx context.Context, dir string, more []string, argv ...string) error {
	_, err := e.run(ctx, dir, more, argv...)
	return err
}

// run runs a command, and returns what it and its children took.
func (e *env) run(ctx context.Context, dir string, more []string, argv ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS=", "XDG_CACHE_HOME="+filepath.Join(e.work, "cache")), more...)
	var said bytes.Buffer
	cmd.Stderr = &said
	begun := time.Now()
	err := cmd.Run()
	c := cost{wall: time.Since(begun)}
	if err != nil {
		return c, fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, &said)
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return c, nil
}

// size measures everything on a module of n packages.
func (e *env) size(ctx context.Context, n int, o options) error {
	dir := filepath.Join(e.work, fmt.Sprintf("made%d", n))
	sayf("%d packages: making the module", n)
	if err := module(dir, filepath.Dir(e.here), n); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(e.here, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644); err != nil {
		return err
	}
	// The go command's cache is the user's, for what is no part of the module
	// either; but what compiles fills it before anything is measured.
	commands := e.commands()
	for _, argv := range [][]string{
		{"go", "mod", "tidy"},
		commands[wsgen], commands[wire], commands[goverter],
		{"go", "build", "./..."},
		{"go", "vet", "./..."},
		commands[golist], commands[gotool], commands[nothing],
	} {
		if err := e.quiet(ctx, dir, nil, argv...); err != nil {
			return err
		}
	}
	for round := range o.rounds {
		sayf("%d packages: round %d of %d", n, round+1, o.rounds)
		if err := e.round(ctx, dir, n, commands); err != nil {
			return err
		}
	}
	if !o.empty {
		return nil
	}
	for _, tool := range []string{wsgen, wire, goverter, golist} {
		sayf("%d packages: %s with an empty build cache", n, tool)
		cache, err := os.MkdirTemp(e.work, "gocache")
		if err != nil {
			return err
		}
		argv := commands[tool]
		if tool == wsgen {
			argv = append([]string{argv[0], "-force"}, argv[1:]...)
		}
		if err := e.measure(ctx, dir, key{tool, emptied, n}, []string{"GOCACHE=" + cache}, argv); err != nil {
			return err
		}
		if err := os.RemoveAll(cache); err != nil {
			return err
		}
	}
	return nil
}

// commands are the command lines of the tools.
func (e *env) commands() map[string][]string {
	bin := func(name string) string { return filepath.Join(e.work, "bin", name) }
	return map[string][]string{
		wsgen:    {bin("wsgen"), "./..."},
		wire:     {bin("wire"), "./app"},
		goverter: {bin("goverter"), "gen", "./..."},
		golist:   {"go", "list", "-deps", "-export", "-f", "{{.Export}}", "./..."},
		gotool:   {"go", "tool", "wsgen", "./..."},
		nothing:  {"go", "tool", "wsgen", "version"},
	}
}

// round measures each tool once, in turn.
func (e *env) round(ctx context.Context, dir string, n int, commands map[string][]string) error {
	for _, tool := range []string{golist, wsgen, wire, goverter} {
		argv := commands[tool]
		if tool == wsgen {
			argv = append([]string{argv[0], "-force"}, argv[1:]...)
		}
		if err := e.measure(ctx, dir, key{tool, full, n}, nil, argv); err != nil {
			return err
		}
	}
	for _, tool := range []string{wsgen, gotool, nothing, wire, goverter} {
		if err := e.measure(ctx, dir, key{tool, noop, n}, nil, commands[tool]); err != nil {
			return err
		}
	}
	for _, tool := range []string{golist, wsgen, wire, goverter} {
		// Each finds an edit of its own, which nobody has compiled yet.
		e.edition++
		if err := os.WriteFile(filepath.Join(dir, "dto", "dto.go"), []byte(shared(e.edition)), 0o644); err != nil {
			return err
		}
		if err := e.measure(ctx, dir, key{tool, edited, n}, nil, commands[tool]); err != nil {
			return err
		}
	}
	// The next round begins as this one did: all compiled, nothing to do.
	for _, argv := range [][]string{commands[wsgen], commands[golist], commands[gotool]} {
		if err := e.quiet(ctx, dir, nil, argv...); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) measure(ctx context.Context, dir string, k key, more, argv []string) error {
	c, err := e.run(ctx, dir, more, argv...)
	if err != nil {
		return err
	}
	e.results[k] = append(e.results[k], c)
	return nil
}
