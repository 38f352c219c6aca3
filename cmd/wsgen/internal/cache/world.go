package cache

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// world is what decides a run besides the files of modules: the environment,
// Go, and this program.
type world struct {
	identity []string
	env      map[string]string // what go env -w has stored, below the environment
}

// ignored are variables that change how a program runs and not what it
// writes, or that go generate sets to where it is.
const ignored = " GOFILE GOLINE GOPACKAGE GOMAXPROCS GOGC GOMEMLIMIT GOTRACEBACK "

// others are the variables of the go command that do not begin with GO or CGO_.
const others = " CC CXX FC AR PKG_CONFIG PKG_CONFIG_PATH "

func newWorld() (*world, error) {
	w := &world{env: map[string]string{}}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		if strings.Contains(ignored, " "+name+" ") {
			continue
		}
		if strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_") || strings.Contains(others, " "+name+" ") {
			w.env[name] = value
			w.identity = append(w.identity, kv)
		}
	}
	slices.Sort(w.identity)
	for _, step := range []func() error{w.goCommand, w.stored, w.refuse, w.self} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *world) add(parts ...string) { w.identity = append(w.identity, parts...) }

// goCommand identifies Go by the command's file and by VERSION. Only a release
// has a VERSION that begins with go1.
func (w *world) goCommand() error {
	path, err := exec.LookPath("go")
	if err != nil {
		return err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	root := filepath.Dir(filepath.Dir(path))
	w.add(path, fmt.Sprint(info.Size(), info.ModTime().UnixNano()))
	roots := []string{root}
	if set := w.env["GOROOT"]; set != "" && filepath.Clean(set) != root {
		roots = append(roots, set)
	}
	for _, root := range roots {
		text, err := os.ReadFile(filepath.Join(root, "VERSION"))
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(text, []byte("go1.")) {
			return errors.New("a Go that is no release may change at any time")
		}
		w.add(string(text))
		if err := w.defaults(filepath.Join(root, "go.env")); err != nil {
			return err
		}
	}
	return nil
}

// stored reads what go env -w has written.
func (w *world) stored() error {
	path := w.env["GOENV"]
	if path == "off" {
		return nil
	}
	if path == "" {
		if dir, err := os.UserConfigDir(); err == nil {
			path = filepath.Join(dir, "go", "env")
		}
	}
	if path == "" {
		return nil // the go command has no such file either
	}
	return w.defaults(path)
}

// defaults reads a file of NAME=value lines, which the environment overrides.
func (w *world) defaults(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	w.add(string(text))
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && w.env[name] == "" {
			w.env[name] = value
		}
	}
	return nil
}

// refuse finds what makes the go command read files that are not looked at here.
func (w *world) refuse() error {
	for flag := range strings.FieldsSeq(w.env["GOFLAGS"]) {
		for _, name := range []string{"overlay", "modfile", "toolexec"} {
			if strings.HasPrefix(strings.TrimLeft(flag, "-"), name) {
				return fmt.Errorf("GOFLAGS has %s", flag)
			}
		}
	}
	if strings.Contains(w.env["GOTOOLCHAIN"], "path") {
		return errors.New("GOTOOLCHAIN takes another Go from PATH")
	}
	driver := os.Getenv("GOPACKAGESDRIVER")
	if driver == "" {
		driver, _ = exec.LookPath("gopackagesdriver")
	}
	if driver != "" && driver != "off" {
		return fmt.Errorf("packages are listed by %s", driver)
	}
	return nil
}

// self identifies this program. The go command's build ID, which is a hash of
// the whole content, stands in the first 32 KiB of an executable; one that was
// built without has its size, time and build information.
func (w *world) self() error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := sha256.New()
	if _, err := io.CopyN(head, f, 32<<10); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	w.add(fmt.Sprintf("%x %d %d", head.Sum(nil), info.Size(), info.ModTime().UnixNano()))
	if build, ok := debug.ReadBuildInfo(); ok {
		w.add(build.String())
	}
	return nil
}
