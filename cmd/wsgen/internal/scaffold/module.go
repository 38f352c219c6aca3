package scaffold

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The names under which modules know wsgen.
const (
	toolPath    = wsgenModule + "/cmd/wsgen"
	runtimePath = wsgenModule + "/runtime"
	wsgenModule = "github.com/wsgen/wsgen"
)

// Source says where a module gets wsgen from.
type Source struct {
	Version string // a released version
	Dir     string // a checkout, absolute; it goes before Version
}

// Check says what is wrong with a checkout.
func (s Source) Check() error {
	if s.Dir == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, "go.mod"))
	if err != nil {
		return fmt.Errorf("%s is no checkout of wsgen: %w", s.Dir, err)
	}
	if line, _, _ := strings.Cut(string(text), "\n"); strings.TrimSpace(line) != "module "+wsgenModule {
		return fmt.Errorf("%s is no checkout of wsgen: its go.mod begins with %q", s.Dir, line)
	}
	return nil
}

// modFile is what go mod edit -json says.
type modFile struct {
	Module        struct{ Path string }
	Go, Toolchain string
	Require       []struct{ Path, Version string }
	Tool          []struct{ Path string }
}

// version is the one in which the module requires path.
func (f modFile) version(path string) string {
	for _, r := range f.Require {
		if r.Path == path {
			return r.Version
		}
	}
	return ""
}

// Modfile is a module and the go commands that change it.
type Modfile struct {
	Dir  string   // the module's root
	Env  []string // of the go command; nil is os.Environ()
	Said func(line string)
}

// Read returns the module's path, and whether it has wsgen as a tool.
func (m Modfile) Read(ctx context.Context) (path string, tool bool, err error) {
	file, err := m.read(ctx)
	if err != nil {
		return "", false, err
	}
	return file.Module.Path, slices.ContainsFunc(file.Tool, func(t struct{ Path string }) bool { return t.Path == toolPath }), nil
}

func (m Modfile) read(ctx context.Context) (modFile, error) {
	var file modFile
	out, err := m.run(ctx, "mod", "edit", "-json")
	if err == nil {
		err = json.Unmarshal(out, &file)
	}
	return file, err
}

// AddTool makes wsgen a tool of the module and its runtime a requirement. A
// version of wsgen that go.mod names already stays. It returns the lines of go.mod
// that have another value now, each with both values.
func (m Modfile) AddTool(ctx context.Context, from Source) (changed []string, err error) {
	file, err := m.read(ctx)
	if err != nil {
		return nil, err
	}
	version := from.Version
	edit := []string{"mod", "edit", "-tool=" + toolPath}
	if from.Dir != "" {
		version = "v0.0.0"
		edit = append(edit, "-replace="+wsgenModule+"="+m.relative(from.Dir))
	}
	if has := file.version(wsgenModule); has != "" {
		version = has
	}
	edit = append(edit, "-require="+wsgenModule+"@"+version)
	steps := [][]string{edit, {"get", "-tool", toolPath + "@" + version}, {"get", runtimePath + "@" + version}}
	if from.Dir != "" {
		// go get asks the proxy for each folder of the path as a module, and fails where
		// that refuses to answer. What the checkout needs is known without it.
		steps = [][]string{edit, {"list", "-mod=mod", "-deps", toolPath, runtimePath}}
		m = m.alone()
	}
	for _, args := range steps {
		if _, err := m.run(ctx, args...); err != nil {
			return nil, err
		}
	}
	if from.Dir != "" {
		if err := m.Settle(ctx); err != nil {
			return nil, err
		}
	}
	after, err := m.read(ctx)
	return file.changed(after), err
}

// Settle writes down what the packages of the module import by others, which AddTool
// has not seen, and nothing else: mod tidy would take away what is not used yet.
func (m Modfile) Settle(ctx context.Context) error {
	_, err := m.alone().run(ctx, "list", "-mod=mod", "-e", "-deps", "-test", "./...")
	return err
}

// alone is m out of any workspace, in which go.mod cannot be changed by the way.
func (m Modfile) alone() Modfile {
	env := m.Env
	if env == nil {
		env = os.Environ()
	}
	m.Env = append(slices.Clip(env), "GOWORK=off")
	return m
}

// changed tells which lines of this state of the file have another value in the
// state after. New lines are no change.
func (f modFile) changed(after modFile) (lines []string) {
	say := func(what, before, now string) {
		if now != before && before != "" {
			lines = append(lines, fmt.Sprintf("%s %s => %s", what, before, now))
		}
	}
	say("go", cmp.Or(f.Go, "(none)"), after.Go)
	say("toolchain", f.Toolchain, cmp.Or(after.Toolchain, "(none)"))
	for _, r := range f.Require {
		say(r.Path, r.Version, cmp.Or(after.version(r.Path), "(none)"))
	}
	return lines
}

// Tidy completes go.mod and go.sum.
func (m Modfile) Tidy(ctx context.Context) error {
	_, err := m.run(ctx, "mod", "tidy")
	return err
}

// Vendored reports whether the module builds with copies of what it requires.
func (m Modfile) Vendored() bool {
	_, err := os.Stat(filepath.Join(m.Dir, "vendor", "modules.txt"))
	return err == nil
}

// Vendor makes those copies anew.
func (m Modfile) Vendor(ctx context.Context) error {
	_, err := m.run(ctx, "mod", "vendor")
	return err
}

// Workspace is the go.work that holds for the module, or "".
func (m Modfile) Workspace(ctx context.Context) (string, error) {
	out, err := m.run(ctx, "env", "GOWORK")
	if path := strings.TrimSpace(string(out)); path != "off" {
		return path, err
	}
	return "", err
}

// relative is how a replace names dir: from the module if it stands beside it,
// so that the two may move together.
func (m Modfile) relative(dir string) string {
	if rel, err := filepath.Rel(m.Dir, dir); err == nil && strings.Count(rel, "..") <= 2 {
		if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, "../") {
			rel = "./" + rel
		}
		return rel
	}
	return filepath.ToSlash(dir)
}

// run runs a go command in the module and returns what it printed. It tells the
// user of commands that may take long.
func (m Modfile) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = m.Dir, m.Env
	cmd.WaitDelay = 200 * time.Millisecond // nobody waits for processes that it has started itself
	if args[0] == "get" || args[0] == "mod" && args[1] != "edit" {
		m.Said("go " + strings.Join(args, " "))
	}
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, exec.ErrWaitDelay) { // it has ended well
		return out, nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go %s:\n%s", strings.Join(args, " "), strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}
