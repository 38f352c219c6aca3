package scaffold

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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
	Module  struct{ Path string }
	Require []struct{ Path, Version string }
	Tool    []struct{ Path string }
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
// version that go.mod names already stays.
func (m Modfile) AddTool(ctx context.Context, from Source) error {
	file, err := m.read(ctx)
	if err != nil {
		return err
	}
	version := from.Version
	edit := []string{"mod", "edit", "-tool=" + toolPath}
	if from.Dir != "" {
		version = "v0.0.0"
		edit = append(edit, "-replace="+wsgenModule+"="+m.relative(from.Dir))
	}
	for _, r := range file.Require {
		if r.Path == wsgenModule {
			version = r.Version
		}
	}
	edit = append(edit, "-require="+wsgenModule+"@"+version)
	for _, args := range [][]string{edit, {"get", "-tool", toolPath + "@" + version}, {"get", runtimePath + "@" + version}} {
		if _, err := m.run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// Tidy completes go.mod and go.sum.
func (m Modfile) Tidy(ctx context.Context) error {
	_, err := m.run(ctx, "mod", "tidy")
	return err
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

// run runs a go command in the module and returns what it printed.
func (m Modfile) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = m.Dir, m.Env
	if args[0] != "mod" || args[1] != "edit" {
		m.Said("go " + strings.Join(args, " "))
	}
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go %s:\n%s", strings.Join(args, " "), strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

// generateLine finds a go:generate line that runs wsgen.
var generateLine = regexp.MustCompile(`(?m)^//go:generate .*\bwsgen\b`)

// HasGenerateLine reports whether a file of the module has a go:generate line
// that runs wsgen.
func HasGenerateLine(root string) (bool, error) {
	found := false
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || found {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			if path != root && (name[0] == '.' || name[0] == '_' || name == "testdata" || name == "vendor" || name == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || !e.Type().IsRegular() {
			return nil
		}
		found, err = generates(path)
		return err
	})
	return found, err
}

func generates(path string) (bool, error) {
	text, err := os.ReadFile(path)
	return generateLine.Match(text), err
}

// RootPackage is the name of the package at the module's root: that of its
// files, or one made from the module's path; first says that it has no files.
func RootPackage(root, module string) (name string, first bool, err error) {
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		return "", false, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		if err == nil {
			return f.Name.Name, false, nil
		}
	}
	last := path.Base(module)
	if version.MatchString(last) {
		last = path.Base(path.Dir(module))
	}
	name = strings.Trim(unfit.ReplaceAllString(strings.ToLower(last), ""), "0123456789")
	if name == "" || CheckGateway(name) != nil {
		name = "root"
	}
	return name, true, nil
}

var (
	version = regexp.MustCompile(`^v[0-9]+$`)
	unfit   = regexp.MustCompile(`[^a-z0-9_]`)
)
