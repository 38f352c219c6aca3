//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// prompt is how long an interrupted run may take to end.
const prompt = time.Second

// TestInterruptIsPrompt checks that an interrupt ends a run within a second, also
// at a place where nothing listens to it.
func TestInterruptIsPrompt(t *testing.T) {
	t.Parallel()
	m := newTree(t)
	m.edit("start")
	m.write("q/q.go", "package q\n\nimport ws \"github.com/wsgen/wsgen/runtime\"\n\n//ws:gateway /q\ntype G struct{}\n\n//ws:subscribe q\nfunc (G) Handle(c *ws.Client) {}\n")
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	m.path = filepath.Join(m.dir, ".bin") + ":" + m.path
	// deaf is a go command that ignores signals, and stuck one whose export data
	// never comes.
	const (
		deaf  = "trap '' INT TERM\necho $$ >>'%[2]s.pids'\necho >'%[2]s'\nexec sleep 60\n"
		stuck = "case \"$*\" in *-export*) '%[1]s' \"$@\" | sed 's#^\\(package .*\\) \"[^\"]*\"$#\\1 \"%[2]s\"#';; *) exec '%[1]s' \"$@\";; esac\n"
		plain = "exec '%[1]s' \"$@\" # and not %[2]s\n"
	)
	begins := func(t *testing.T, here string, _ *bufio.Reader) { waitForWriter(t, here) }
	reads := func(t *testing.T, here string, _ *bufio.Reader) { waitForReader(t, here) }
	says := func(text string) func(t *testing.T, here string, out *bufio.Reader) {
		return func(t *testing.T, _ string, out *bufio.Reader) { waitFor(t, out, text) }
	}
	for _, tc := range []struct {
		name   string
		args   []string
		script string
		// until returns when the run is where it is to be interrupted.
		until  func(t *testing.T, here string, out *bufio.Reader)
		signal syscall.Signal
		code   int
	}{
		{"while the go command runs", nil, deaf, begins, syscall.SIGTERM, 130},
		{"while the go command runs for a watch", []string{"watch"}, deaf, begins, syscall.SIGINT, 0},
		{"while types are checked", nil, stuck, reads, syscall.SIGTERM, 130},
		{"while types are checked for a check", []string{"check"}, stuck, reads, syscall.SIGINT, 130},
		{"while types are checked for a list", []string{"list"}, stuck, reads, syscall.SIGINT, 130},
		{"while nobody reads what it prints", []string{"-stdout"}, plain, says("package p00"), syscall.SIGINT, 130},
		{"while types are checked for a watch", []string{"watch"}, stuck, reads, syscall.SIGTERM, 0},
		{"while a watch waits", []string{"watch"}, plain, says(" ms)"), syscall.SIGTERM, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m.t = t
			var took time.Duration
			for i := range 3 { // a busy machine may stop everything for longer
				here := m.meetingPlace(fmt.Sprintf("%s %d", tc.name, i))
				m.write(".bin/go", "#!/bin/sh\n"+fmt.Sprintf(tc.script, goCommand, here))
				cmd := m.command()
				cmd.Args = append(cmd.Args, tc.args...)
				cmd.Env = append(cmd.Environ(), "GORACE=atexit_sleep_ms=0") // else the race detector's exit takes a second
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				var said strings.Builder
				cmd.Stderr = &said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				tc.until(t, here, bufio.NewReaderSize(out, 64))
				took = ended(t, cmd, tc.signal)
				if code := cmd.ProcessState.ExitCode(); code != tc.code || code != 0 && !strings.Contains(said.String(), "wsgen: interrupted, no file was changed") {
					t.Errorf("exit code %d, and it says %s", code, &said)
				}
				if took <= prompt {
					return
				}
			}
			t.Errorf("it takes %v to end", took)
		})
	}
}

// ended sends a signal, and returns how long the process takes to end.
func ended(t *testing.T, cmd *exec.Cmd, signal syscall.Signal) time.Duration {
	t.Helper()
	begun := time.Now()
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(10*prompt, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait() // its exit code says how it ended
	return time.Since(begun)
}

// meetingPlace is a pipe with a name for one run. Processes that write their
// number into the file beside it end with the test.
func (m *tree) meetingPlace(name string) string {
	m.t.Helper()
	here := filepath.Join(m.dir, "."+strings.ReplaceAll(name, " ", "_"))
	if err := syscall.Mkfifo(here, 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		text, _ := os.ReadFile(here + ".pids") // there are none
		for line := range strings.Lines(string(text)) {
			if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	return here
}

// waitForWriter returns when somebody has written into a pipe.
func waitForWriter(t *testing.T, fifo string) {
	t.Helper()
	inTime(t, func() error {
		_, err := os.ReadFile(fifo)
		return err
	})
}

// waitForReader returns when somebody reads from a file, and writes nothing.
func waitForReader(t *testing.T, fifo string) {
	t.Helper()
	var f *os.File
	inTime(t, func() (err error) {
		f, err = os.OpenFile(fifo, os.O_WRONLY, 0)
		return err
	})
	t.Cleanup(func() { _ = f.Close() })
}

// inTime waits for do, which may wait for ever for a run that has ended.
func inTime(t *testing.T, do func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the run does not come to where it is to be interrupted")
	}
}

// waitFor reads until a line has text, and no further.
func waitFor(t *testing.T, out *bufio.Reader, text string) {
	t.Helper()
	for {
		line, err := out.ReadString('\n')
		if strings.Contains(line, text) {
			return
		}
		if err != nil {
			t.Fatalf("no line has %q: %v", text, err)
		}
	}
}
