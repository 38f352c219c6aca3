package pipeline_test

import (
	"bufio"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// start builds the corpus's server and runs it until the test ends. It returns
// the address that each case is served at.
func (w *workspace) start(t *testing.T) map[string]string {
	program := filepath.Join(w.dir, "serve.exe")
	if out, err := w.command("go", "build", "-o", program, "./serve").CombinedOutput(); err != nil {
		t.Fatalf("the corpus does not build: %v\n%s", err, out)
	}
	var logs strings.Builder
	cmd := w.command(program)
	cmd.Stderr = &logs
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the server: %v\n%s", err, logs.String())
		}
	})
	addresses := map[string]string{}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if lines.Text() == "end" {
			return addresses
		}
		name, address, _ := strings.Cut(lines.Text(), " ")
		addresses[name] = address
	}
	t.Fatal("the server ended")
	return nil
}

// talk carries out the frames section of a case against its server:
//
//	dial /path    opens a connection, which the next lines are about
//	refuse /path  expects the handshake to be answered with this: 401
//	> text        sends a message
//	< text        expects a message; … in it is any text
//	* text        expects one of the messages of the lines with *, in any order
//	! 1008        expects a Close frame with this code
//	bye           closes the connection
//
// Empty lines, and those that begin with #, mean nothing.
func (c *golden) talk(t *testing.T, address string) {
	var conn *client
	var open []string // expected in any order
	for i, line := range strings.Split(string(section(c.archive, "frames")), "\n") {
		at := "frames:" + strconv.Itoa(i+1) + ": "
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if verb != "*" && len(open) > 0 {
			conn.anyOrder(t, at, open)
			open = nil
		}
		switch verb {
		case "", "#":
		case "dial":
			conn = dial(t, address, rest)
			t.Cleanup(func() { _ = conn.Close() })
		case "refuse":
			path, status, _ := strings.Cut(rest, " ")
			if _, got := handshake(t, address, path); got != status {
				t.Fatalf("%sthe answer is %s", at, got)
			}
		case ">":
			conn.send(t, 1, []byte(rest))
		case "<":
			if op, got := conn.receive(t); op != 1 || !like(got, rest) {
				t.Fatalf("%sgot  %s\nwant %s", at, got, rest)
			}
		case "*":
			open = append(open, rest)
		case "!":
			op, got := conn.receive(t)
			if op != 8 || len(got) < 2 || strconv.Itoa(int(got[0])<<8|int(got[1])) != rest {
				t.Fatalf("%sgot %q, want a Close frame with %s", at, got, rest)
			}
		case "bye":
			conn.send(t, 8, []byte{3, 232})
			_, _ = io.Copy(io.Discard, conn)
		default:
			t.Fatalf("%sthere is no verb %s", at, verb)
		}
	}
}

func (c *client) anyOrder(t *testing.T, at string, open []string) {
	t.Helper()
	want := append([]string(nil), open...)
	for range open {
		_, got := c.receive(t)
		found := false
		for i, text := range want {
			if text != "" && like(got, text) {
				want[i], found = "", true
				break
			}
		}
		if !found {
			t.Fatalf("%sgot  %s\nwant one of %q", at, got, want)
		}
	}
}

// like compares a message with what is expected, where … is any text.
func like(got, want string) bool {
	parts := strings.Split(want, "…")
	if len(parts) == 1 {
		return got == want
	}
	for i, part := range parts[:len(parts)-1] {
		at := strings.Index(got, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		got = got[at+len(part):]
	}
	return strings.HasSuffix(got, parts[len(parts)-1])
}
