package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// terminal is a program of clients/ that runs.
type terminal struct {
	t     *testing.T
	in    io.WriteCloser
	lines chan string
	said  strings.Builder // on standard error, once it has ended
	ended chan error
}

// talks starts a program of clients/.
func talks(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	p := &terminal{t: t, lines: make(chan string, 16), ended: make(chan error, 1)}
	cmd.Stderr, cmd.WaitDelay = &p.said, time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	p.in = in
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
		p.ended <- cmd.Wait()
	}()
	return p
}

// prints waits for a line.
func (p *terminal) prints(want string) {
	p.t.Helper()
	select {
	case got := <-p.lines:
		if got != want {
			p.t.Fatalf("it prints %q, want %q", got, want)
		}
	case err := <-p.ended:
		p.t.Fatalf("it has ended with %v, and not printed %q\n%s", err, want, &p.said)
	case <-time.After(livetest.Patience):
		p.t.Fatalf("it does not print %q", want)
	}
}

// TestProgramsTalk checks that the programs of clients/ print what was said before and what is said, and say what
// they read.
func TestProgramsTalk(t *testing.T) {
	programs := map[string]func(t *testing.T, url string) *exec.Cmd{
		"Node": func(t *testing.T, url string) *exec.Cmd {
			return exec.Command(node(t), append(flags(t), filepath.Join("clients", "talk.mjs"), url, "Node")...)
		},
		"Go": func(t *testing.T, url string) *exec.Cmd {
			program := filepath.Join(t.TempDir(), "talk")
			if out, err := exec.Command("go", "build", "-o", program, "./clients/talk").CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			return exec.Command(program, "-url", url, "-name", "Go")
		},
	}
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			p := launch(t, "127.0.0.1:0")
			bob := dial(t, p.url+"/ws")
			bob.Call("message", map[string]string{"author": "Bob", "text": "before"}).OK()
			wstest.Expect[any](bob, "message")

			it := talks(t, program(t, p.url))
			it.prints("Bob: before")
			bob.Call("message", map[string]string{"author": "Bob", "text": "and now"}).OK()
			wstest.Expect[any](bob, "message")
			it.prints("Bob: and now")
			fmt.Fprintln(it.in, "hello Bob")
			if got := wstest.Expect[struct{ Author, Text string }](bob, "message"); got.Author != name || got.Text != "hello Bob" {
				t.Errorf("Bob hears %+v", got)
			}
			it.prints(name + ": hello Bob")
			_ = it.in.Close()
			select {
			case err := <-it.ended:
				if err != nil {
					t.Errorf("it ends with %v\n%s", err, &it.said)
				}
			case <-time.After(livetest.Patience):
				t.Error("it does not end with its input")
			}
		})
	}
}

// node is Node, or the test is skipped; in CI it fails then.
func node(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// flags are what this Node needs to have WebSocket.
func flags(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command(node(t), "-p", "parseInt(process.versions.node)").Output()
	if err != nil {
		t.Fatal(err)
	}
	if version, err := strconv.Atoi(strings.TrimSpace(string(out))); err != nil || version < 22 {
		return []string{"--experimental-websocket", "--no-warnings"}
	}
	return nil
}
