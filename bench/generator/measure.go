package main

import (
	"bytes"
	"context"
	"errors"
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
	begun      time.Time
	gocache    string // the user's
	edition    int    // of the shared dependency
	results    results
}

// sayf says what happens, and when.
func (e *env) sayf(format string, args ...any) {
	if e.begun.IsZero() {
		e.begun = time.Now()
	}
	fmt.Fprintf(os.Stderr, "generator: %3.0fs: "+format+"\n", append([]any{time.Since(e.begun).Seconds()}, args...)...)
}

// key names a measurement.
type key struct {
	tool, what string
	size       int
}

// cost is what one run took, or how long what it made is.
type cost struct {
	cpu, wall time.Duration
	bytes     int64
	lines     int
}

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
	outputs  = "wsgen with clients and documents"

	full    = "full run"
	first   = "first run"
	noop    = "nothing changed"
	edited  = "dependency edited"
	emptied = "empty build cache"
)

// build builds the tools, at the versions of bench/go.mod.
func (e *env) build(ctx context.Context) error {
	// The go command keeps the user's cache, which has the standard library
	// compiled. The tools get an own folder in the place of the user's cache folder.
	out, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
	if err != nil {
		return err
	}
	e.gocache = strings.TrimSpace(string(out))
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
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOCACHE="+e.gocache, "XDG_CACHE_HOME="+e.cache()), more...)
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

// cache is the user's cache folder, as the tools see it.
func (e *env) cache() string { return filepath.Join(e.work, "cache") }

// These are the rounds of measurements that take long: of wire and goverter, of
// edits that make the go command compile, and of first runs on a new machine.
const (
	slowRounds  = 5
	editRounds  = 2
	emptyRounds = 3

	pairsPerRound = 4 // of go tool with something to do and without
)

// size measures everything on a module of n packages.
func (e *env) size(ctx context.Context, n int, o options) error {
	m, err := e.prepare(ctx, n)
	if err != nil {
		return err
	}
	for round := range o.rounds {
		e.sayf("size %d: round %d of %d", n, round+1, o.rounds)
		if err := m.round(ctx, round < slowRounds && (n == largest || round < editRounds)); err != nil {
			return err
		}
	}
	for round := range editRounds {
		if n == largest && round > 0 {
			break // it compiles the module twice
		}
		e.sayf("size %d: the dependency is edited, round %d", n, round+1)
		if err := m.edited(ctx); err != nil {
			return err
		}
	}
	if !o.empty {
		return nil
	}
	return m.emptied(ctx)
}

// emptied measures first runs on a new machine. Those that compile all that they
// read take minutes.
func (m *made) emptied(ctx context.Context) error {
	var tools []string
	for range emptyRounds {
		tools = append(tools, wsgen, wire)
	}
	if m.size == largest {
		tools = append(tools, goverter, golist)
	}
	for _, tool := range tools {
		m.sayf("size %d: %s with an empty build cache", m.size, tool)
		if err := m.without(ctx, tool, emptied, m.commands[tool], "GOCACHE", "XDG_CACHE_HOME"); err != nil {
			return err
		}
	}
	return nil
}

// made is a module to measure with.
type made struct {
	*env
	dir      string
	size     int
	commands map[string][]string
}

// prepare makes the module of n packages: generated, compiled, and known to the
// tools that remember their runs.
func (e *env) prepare(ctx context.Context, n int) (*made, error) {
	m := &made{e, filepath.Join(e.work, fmt.Sprintf("made%d", n)), n, e.commands(n)}
	e.sayf("size %d: making and compiling the module", n)
	tidy := []string{"go", "mod", "tidy"}
	if err := e.begin(ctx, m.dir, n, "",
		tidy, m.commands[wsgen], m.commands[wire], m.commands[goverter], m.commands[golist],
		m.commands[wsgen], m.commands[gotool], m.commands[nothing]); err != nil {
		return nil, err
	}
	return m, e.begin(ctx, m.withOutputs(), n, settings, tidy, m.commands[wsgen], m.commands[golist], m.commands[wsgen])
}

// settings ask for everything that wsgen writes of a whole application.
const settings = `client.ts = web/live.gen.ts
client.js = web/live.gen.js
client.go = liveclient
asyncapi = web/asyncapi.json
jsonschema = web/schema.json
`

// withOutputs is the folder of a second module, of which all outputs are made.
func (m *made) withOutputs() string { return m.dir + "-outputs" }

// begin makes a module of n packages with these settings, and runs commands there.
func (e *env) begin(ctx context.Context, dir string, n int, settings string, commands ...[]string) error {
	if err := module(dir, filepath.Dir(e.here), n); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(e.here, "go.sum"))
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{"go.sum": sums, "wsgen.conf": []byte(settings)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	for _, argv := range commands {
		if err := e.quiet(ctx, dir, nil, argv...); err != nil {
			return err
		}
	}
	return nil
}

// commands are the command lines of the tools, for n packages.
func (e *env) commands(n int) map[string][]string {
	bin := func(name string) string { return filepath.Join(e.work, "bin", name) }
	// Without those that goverter makes.
	packages := []string{"go", "list", "-deps", "-export", "-f", "{{.Export}}", "./app"}
	for i := range n {
		packages = append(packages, "./"+packageName(i))
	}
	return map[string][]string{
		wsgen:    {bin("wsgen"), "./..."},
		wire:     {bin("wire"), "./app"},
		goverter: {bin("goverter"), "gen", "./..."},
		golist:   packages,
		gotool:   {"go", "tool", "wsgen", "./..."},
		nothing:  {"go", "tool", "wsgen", "version"},
	}
}

// force is the command line of a tool for a run that does not ask whether
// anything has changed.
func (m *made) force(tool string) []string {
	argv := m.commands[tool]
	if tool == wsgen {
		return append([]string{argv[0], "-force"}, argv[1:]...)
	}
	return argv
}

// round measures each tool, in turn, where nothing has changed; the slow ones
// only if asked to.
func (m *made) round(ctx context.Context, slow bool) error {
	for _, run := range []struct {
		tool, what string
		argv       []string
		slow       bool
		dir        string
	}{
		{golist, full, m.force(golist), false, m.dir},
		{wsgen, full, m.force(wsgen), false, m.dir},
		{outputs, full, m.force(wsgen), false, m.withOutputs()},
		{wire, full, m.force(wire), true, m.dir},
		{goverter, full, m.force(goverter), true, m.dir},
		{wsgen, noop, m.commands[wsgen], false, m.dir},
		{outputs, noop, m.commands[wsgen], false, m.withOutputs()},
	} {
		if run.slow && !slow {
			continue
		}
		if err := m.measureIn(ctx, run.dir, key{run.tool, run.what, m.size}, nil, run.argv); err != nil {
			return err
		}
	}
	// The difference of these is small beside what they have in common: it takes
	// many pairs, and neither may always come first.
	for range pairsPerRound / 2 {
		for _, tool := range []string{nothing, gotool, gotool, nothing} {
			if err := m.measure(ctx, key{tool, noop, m.size}, nil, m.commands[tool]); err != nil {
				return err
			}
		}
	}
	return m.without(ctx, wsgen, first, m.commands[wsgen], "XDG_CACHE_HOME")
}

// without measures a tool with empty folders where it remembers things: variables
// name them.
func (m *made) without(ctx context.Context, tool, what string, argv []string, variables ...string) error {
	folder, err := os.MkdirTemp(m.work, "empty")
	if err != nil {
		return err
	}
	var more []string
	for _, name := range variables {
		more = append(more, name+"="+filepath.Join(folder, name))
	}
	err = m.measure(ctx, key{tool, what, m.size}, more, argv)
	return errors.Join(err, os.RemoveAll(folder))
}

// edited measures each tool on an edit of its own, which nobody has compiled yet.
// The next round finds the module as the last tool has compiled it.
func (m *made) edited(ctx context.Context) error {
	for _, tool := range []string{wsgen, wire, goverter, golist} {
		m.edition++
		if err := os.WriteFile(filepath.Join(m.dir, "dto", "dto.go"), []byte(shared(m.edition)), 0o644); err != nil {
			return err
		}
		if err := m.measure(ctx, key{tool, edited, m.size}, nil, m.commands[tool]); err != nil {
			return err
		}
	}
	return nil
}

func (m *made) measure(ctx context.Context, k key, more, argv []string) error {
	return m.measureIn(ctx, m.dir, k, more, argv)
}

func (m *made) measureIn(ctx context.Context, dir string, k key, more, argv []string) error {
	c, err := m.run(ctx, dir, more, argv...)
	if err != nil {
		return err
	}
	m.results[k] = append(m.results[k], c)
	return nil
}
