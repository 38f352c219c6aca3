package ws_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedV1: files that wsgen generated for GeneratedV1, those for wire
// included, compile with this runtime and say on the wire what they said then.
func TestGeneratedV1(t *testing.T) { oldGenerated(t, "v1") }

// TestGeneratedV2 is the same for GeneratedV2.
func TestGeneratedV2(t *testing.T) { oldGenerated(t, "v2") }

// oldGenerated builds the files of a version, and talks to them.
func oldGenerated(t *testing.T, version string) {
	t.Helper()
	t.Parallel() // it waits for the go command and another process
	dir, talk := unpackGenerated(t, version)
	goCommand(t, dir, "build", "-tags", "wireinject", "./...")
	program := filepath.Join(dir, "old.exe")
	goCommand(t, dir, "build", "-o", program, ".")
	goCommand(t, dir, "build", "./...")

	cmd := exec.Command(program)
	var logs strings.Builder
	cmd.Stderr = &logs
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the server: %v\n%s", err, logs.String())
		}
	})
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	converse(t, strings.TrimSpace(addr), talk)
}

// unpackGenerated writes the module of testdata/generated that is called
// version to a folder, to be built with this repository's runtime. It returns
// the lines of its talk.
func unpackGenerated(t *testing.T, version string) (dir string, talk []string) {
	t.Helper()
	archive, err := os.ReadFile(filepath.Join("testdata", "generated", version+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	// No package for that is imported: each module that requires the runtime
	// would have to know its checksum, since this tests what they import.
	for _, part := range strings.Split("\n"+string(archive), "\n-- ")[1:] {
		name, text, found := strings.Cut(part, " --\n")
		if !found {
			t.Fatalf("%.40q is no name of a file", part)
		}
		text += "\n"
		if name == "talk" {
			talk = strings.Split(text, "\n")
			continue
		}
		writeTo(t, filepath.Join(dir, name), []byte(text))
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	writeTo(t, filepath.Join(dir, "go.sum"), sums)
	goCommand(t, dir, "mod", "edit", "-replace", "github.com/wsgen/wsgen="+root)
	return dir, talk
}

func writeTo(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, data, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// goCommand runs the go command in a module of its own, which needs no network.
func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off", "GONOSUMDB=*")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// converse carries out lines: "dial /path" opens a connection, "> text" sends a
// message on it, and "< text" expects one, in which … is any text.
func converse(t *testing.T, addr string, lines []string) {
	t.Helper()
	var p *peer
	said := 0
	for i, line := range lines {
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "", "#":
		case "dial":
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			var res *refused
			if p, res = handshake(t, conn, addr, rest); p == nil {
				t.Fatalf("talk:%d: %s", i+1, res)
			}
		case ">":
			p.send("%s", rest)
		case "<":
			if got := p.next(); !like(got, rest) {
				t.Fatalf("talk:%d:\ngot  %s\nwant %s", i+1, got, rest)
			}
			said++
		default:
			t.Fatalf("talk:%d: no verb: %s", i+1, line)
		}
	}
	if said < 50 {
		t.Errorf("only %d messages were looked at", said)
	}
}

// like reports whether got is pattern, in which … is any text.
func like(got, pattern string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return got == pattern
	}
	got, found := strings.CutPrefix(got, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		var ok bool
		_, got, ok = strings.Cut(got, part)
		found = found && ok
	}
	return found && strings.HasSuffix(got, parts[len(parts)-1])
}
