//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// packageCount is how many packages the modules of these tests have: enough
// that to replace their files takes a while.
const packageCount = 60

// tree is a module whose packages all have the same event.
type tree struct {
	t    *testing.T
	dir  string
	path string // PATH
}

func newTree(t *testing.T) *tree {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dependOn(t, filepath.Join(root, "runtime"))
	m := &tree{t, t.TempDir(), os.Getenv("PATH")}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(mod), "\n")
	m.write("go.mod", fmt.Sprintf("module example.com/live\n\nrequire github.com/wsgen/wsgen v0.1.0\n\nreplace github.com/wsgen/wsgen => %s\n%s", root, rest))
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	m.write("go.sum", string(sum))
	return m
}

func (m *tree) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		m.t.Fatal(err)
	}
	// A run that is under way must not read half a file, as an empty one is an error.
	saved := filepath.Join(m.dir, ".saved")
	if err := os.WriteFile(saved, []byte(text), 0o777); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Rename(saved, path); err != nil {
		m.t.Fatal(err)
	}
}

// edit gives every package a handler for event.
func (m *tree) edit(event string) {
	m.t.Helper()
	for i := range packageCount {
		m.write(fmt.Sprintf("p%02d/p.go", i), fmt.Sprintf(
			"package p%02d\n\n//ws:gateway /p%02d\ntype G struct{}\n\n//ws:subscribe %s\nfunc (G) Handle(text string) {}\n", i, i, event))
	}
}

// command is a run of wsgen, not started yet.
func (m *tree) command() *exec.Cmd {
	m.t.Helper()
	wsgen, err := exec.LookPath("wsgen") // which testscript.Main has put there
	if err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.CommandContext(m.t.Context(), wsgen)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOTOOLCHAIN=local",
		"XDG_CACHE_HOME="+filepath.Join(m.dir, ".cache"), "HOME="+m.dir, "PATH="+m.path)
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		value, err := goEnv(name)
		if err != nil {
			m.t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func (m *tree) generate() {
	m.t.Helper()
	if out, err := m.command().CombinedOutput(); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
}

// generated is the event that all generated files have. It fails if they
// differ, or if there are others.
func (m *tree) generated() string {
	m.t.Helper()
	found := map[string]int{}
	for i := range packageCount {
		dir := filepath.Join(m.dir, fmt.Sprintf("p%02d", i))
		entries, err := os.ReadDir(dir)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "p.go" && e.Name() != "ws_gen.go" {
				m.t.Errorf("%s was left behind in %s", e.Name(), dir)
			}
		}
		text, err := os.ReadFile(filepath.Join(dir, "ws_gen.go"))
		if err != nil {
			m.t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), `Event: "`)
		event, _, _ := strings.Cut(rest, `"`)
		found[event]++
	}
	if len(found) != 1 {
		m.t.Fatalf("files of different runs, which need not build together: %v", found)
	}
	for event := range found {
		return event
	}
	return ""
}

// interrupt runs wsgen and calls at with the process, to signal it.
func (m *tree) interrupt(at func(p *os.Process)) (code int, said string) {
	m.t.Helper()
	cmd := m.command()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	at(cmd.Process)
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), out.String()
}

// whenSeen sends signals as soon as a file whose name begins with prefix
// appears in the first package or in the last.
func (m *tree) whenSeen(prefix string, signals ...os.Signal) func(p *os.Process) {
	m.t.Helper()
	w, err := fsnotify.NewWatcher()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, dir := range []string{"p00", "p30"} {
		if err := w.Add(filepath.Join(m.dir, dir)); err != nil {
			m.t.Fatal(err)
		}
	}
	return func(p *os.Process) {
		defer w.Close()
		late := time.After(time.Minute)
		for {
			select {
			case e := <-w.Events:
				if e.Has(fsnotify.Create) && strings.HasPrefix(filepath.Base(e.Name), prefix) {
					for _, s := range signals {
						_ = p.Signal(s) // it may have ended
					}
					return
				}
			case <-late:
				m.t.Errorf("no file %s appears", prefix)
				return
			}
		}
	}
}

// TestInterrupt checks that an interrupt at any moment leaves the files of one
// run, and that the next run completes them.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	m := newTree(t)
	m.edit("start")
	m.generate()
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	m.path = filepath.Join(m.dir, ".bin") + ":" + m.path
	for i, tc := range []struct {
		name string
		call string // of the go command that interrupts the run: a part of its arguments
		// file begins a file's name; the run is interrupted when such a file appears.
		file    string
		signals []os.Signal
	}{
		{name: "while folders are listed", call: "-find"},
		{name: "while imports are compiled", call: "-export"},
		{name: "while files are prepared", file: ".ws_gen.go.", signals: []os.Signal{syscall.SIGINT}},
		{name: "twice while files are prepared", file: ".ws_gen.go.", signals: []os.Signal{syscall.SIGINT, syscall.SIGTERM}},
		{name: "while files are replaced", file: "ws_gen.go", signals: []os.Signal{syscall.SIGINT}},
		{name: "twice while files are replaced", file: "ws_gen.go", signals: []os.Signal{syscall.SIGINT, syscall.SIGINT}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m.t = t
			before, after := m.generated(), fmt.Sprintf("event%d", i)
			m.edit(after)
			script := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\"\n", goCommand)
			if tc.call != "" {
				// It goes on for a while: an interrupted run does not wait for it.
				script = fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *%s*) kill -INT $PPID; exec sleep 60;; esac\nexec '%s' \"$@\"\n", tc.call, goCommand)
			}
			m.write(".bin/go", script)
			at := func(*os.Process) {}
			if tc.file != "" {
				at = m.whenSeen(tc.file, tc.signals...)
			}
			code, said := m.interrupt(at)
			got := m.generated()
			switch {
			case tc.call != "" && (code != 130 || got != before || !strings.Contains(said, "interrupted, no file was changed")):
				t.Errorf("exit code %d, files have %s, and it says %s", code, got, said)
			case got == before && code != 130:
				t.Errorf("nothing was done, and the exit code is %d: %s", code, said)
			case got != before && got != after:
				t.Errorf("the files have %s, neither %s nor %s", got, before, after)
			}
			m.write(".bin/go", fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\"\n", goCommand))
			m.generate()
			if got := m.generated(); got != after {
				t.Errorf("after the next run the files have %s, want %s", got, after)
			}
		})
	}
}

// TestKilled checks that the next run cleans up after one that was killed.
func TestKilled(t *testing.T) {
	t.Parallel()
	m := newTree(t)
	m.edit("start")
	m.generate()
	m.edit("next")
	m.interrupt(m.whenSeen(".ws_gen.go.", syscall.SIGKILL))
	m.generate()
	if got := m.generated(); got != "next" {
		t.Errorf("the files have %s, want next", got)
	}
}

// TestRunsAtOnce checks that several runs at once leave the files that the newest
// source asks for.
func TestRunsAtOnce(t *testing.T) {
	t.Parallel()
	m := newTree(t)
	var wg sync.WaitGroup
	for _, event := range []string{"one", "two", "three"} {
		m.edit(event)
		for range 3 {
			cmd := m.command()
			wg.Go(func() {
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
	wg.Wait()
	if got := m.generated(); got != "three" {
		t.Errorf("the files have %s, want three", got)
	}
}

// TestInterruptedScaffold checks that an interrupt, whenever it comes, leaves no
// new file, and all old files as they were.
func TestInterruptedScaffold(t *testing.T) {
	t.Parallel()
	m := newTree(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	m.path = filepath.Join(m.dir, ".bin") + ":" + m.path
	const mod = "module example.com/live\n\ngo 1.26.0\n"
	m.write("go.mod", mod)
	if err := os.Remove(filepath.Join(m.dir, "go.sum")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"new", "-wsgen", root, "hello"}, {"init", "-wsgen", root}} {
		// The second signal ends the process, but not before all is taken back.
		for _, signals := range []string{"kill -INT $PPID", "kill -INT $PPID; kill -TERM $PPID"} {
			m.write(".bin/go", fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *mod=mod\\ -deps*) %s; exec sleep 60;; esac\nexec '%s' \"$@\"\n", signals, goCommand))
			cmd := m.command()
			cmd.Args = append(cmd.Args, args...)
			cmd.Env = append(cmd.Env, "GOSUMDB=off", "GOFLAGS=")
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("%v: exit code %d, and it says %s", args, code, out)
			}
			entries, err := os.ReadDir(m.dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if name := e.Name(); name != "go.mod" && name[0] != '.' {
					t.Errorf("%v: %s is left behind; it says %s", args, name, out)
				}
			}
			if now, err := os.ReadFile(filepath.Join(m.dir, "go.mod")); err != nil || string(now) != mod {
				t.Errorf("%v: go.mod is %q, %v", args, now, err)
			}
		}
	}
}
