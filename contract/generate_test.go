package contract_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// wsgen is the program, built once.
var wsgen struct {
	once sync.Once
	exe  string
	err  error
}

// module is a module with a user's source.
type module struct {
	t   *testing.T
	dir string
}

// newModule makes one of files, by their paths in it. It uses the runtime of this
// repository.
func newModule(t *testing.T, files map[string]string) module {
	t.Helper()
	wsgen.once.Do(func() {
		wsgen.exe, wsgen.err = filepath.Abs("../.cache/contract-wsgen.exe")
		if wsgen.err == nil {
			_, wsgen.err = goCommand("..", "go", "build", "-o", wsgen.exe, "./cmd/wsgen").run()
		}
	})
	if wsgen.err != nil {
		t.Fatal(wsgen.err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	m := module{t, t.TempDir()}
	m.write("go.sum", string(sums))
	m.write("go.mod", "module example.com/live\n\ngo 1.26.0\n\nrequire github.com/wsgen/wsgen v0.0.0\n\nreplace github.com/wsgen/wsgen => "+root+"\n")
	for name, text := range files {
		m.write(name, text)
	}
	return m
}

func (m module) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// wsgen runs it there, and then reads a file that it has written.
func (m module) wsgen(file string, args ...string) string {
	m.t.Helper()
	if _, err := goCommand(m.dir, wsgen.exe, args...).run(); err != nil {
		m.t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(m.dir, filepath.FromSlash(file)))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// process is a command of the go tool or of wsgen, in a module.
type process struct{ *exec.Cmd }

func goCommand(dir, name string, args ...string) process {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off")
	if dir == ".." {
		cmd.Env = append(cmd.Env, "GOFLAGS=-mod=readonly -trimpath")
	}
	return process{cmd}
}

// run returns what the command prints. That is a part of the error if it fails.
func (p process) run() (string, error) {
	out, err := p.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(p.Args, " "), err, bytes.TrimSpace(out))
	}
	return string(out), nil
}

// archive reads files in the format of txtar, without those that tests expect.
func archive(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	name := ""
	for line := range strings.Lines(string(text)) {
		if head, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(line, " --\n") {
			name = strings.TrimSuffix(head, " --\n")
			continue
		}
		if name != "" && !strings.HasPrefix(name, "want.") {
			files[name] += line
		}
	}
	return files
}
