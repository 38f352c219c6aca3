package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// lister asks the go command about packages.
type lister struct {
	ctx  context.Context
	dir  string
	env  []string
	tags []string
}

// environment is that of the go command. Unless the user has set GOGC, it has the
// go command, and the compilers that this starts, collect garbage half as often:
// they end before they have made much.
func (l lister) environment() []string {
	env := l.env
	if env == nil {
		env = os.Environ()
	}
	if l.getenv("GOGC") != "" {
		return env
	}
	return append(slices.Clip(env), "GOGC=200")
}

// having is which export data is asked for, as the go command's flag.
type having string

// All that there may be, and what the build cache has. Of a build that is not carried
// out, the go command says where the cache has its results, and prints what it would
// do for the others.
const (
	compiling having = "-n=false"
	cached    having = "-n"
)

func (l lister) load(mode packages.LoadMode, patterns []string, flags ...string) ([]*packages.Package, error) {
	cfg := &packages.Config{Context: l.ctx, Dir: l.dir, Env: l.environment(), Mode: mode, BuildFlags: flags}
	if len(l.tags) > 0 {
		cfg.BuildFlags = append(cfg.BuildFlags, "-tags="+strings.Join(l.tags, ","))
	}
	list, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, fmt.Errorf("the go command cannot list packages: %s", complaint(err))
	}
	return list, nil
}

// complaint is what the go command itself says, without how it was called.
func complaint(err error) string {
	if _, missing := exec.LookPath("go"); missing != nil {
		return "it is not in PATH; install Go, or add the folder of the go command to PATH"
	}
	text := err.Error()
	if _, said, ok := strings.Cut(text, "stderr: "); ok {
		text = said
	}
	return strings.TrimSpace(text)
}

// folders lists the packages in dirs, by folder: names and files only, nothing
// is compiled, so that a package that does not compile is listed like any other.
func (l lister) folders(dirs []string) (map[string]*packages.Package, error) {
	found := map[string]*packages.Package{}
	if len(dirs) == 0 {
		return found, nil
	}
	list, err := l.load(packages.NeedName|packages.NeedFiles|packages.NeedModule, dirs)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		switch {
		case p.Dir != "":
			found[filepath.Clean(p.Dir)] = p
		case len(p.Errors) > 0: // the folder exists, but the go command wants none of it
			return nil, errors.New(strings.TrimSpace(p.Errors[0].Msg))
		}
	}
	return found, nil
}

// exports lists the packages that paths name and all they depend on, by import
// path, with the file that holds the export data, where they have any. If the go
// command has mistakes to tell, it compiles, since it finds others only then.
func (l lister) exports(paths []string, have having) (map[string]*packages.Package, error) {
	found := map[string]*packages.Package{}
	if len(paths) == 0 {
		return found, nil
	}
	var flags []string
	if l.driven() {
		have = compiling // another program has no such flag
	} else {
		flags = []string{string(have)}
	}
	list, err := l.load(packages.NeedName|packages.NeedFiles|packages.NeedImports|packages.NeedDeps|packages.NeedExportFile|packages.NeedModule, paths, flags...)
	if err != nil {
		return nil, err
	}
	packages.Visit(list, nil, func(p *packages.Package) { found[p.PkgPath] = p })
	if have == cached && !whole(found, false) {
		return l.exports(paths, compiling)
	}
	return found, nil
}

// driven reports whether another program lists packages.
func (l lister) driven() bool {
	if driver := l.getenv("GOPACKAGESDRIVER"); driver != "" {
		return driver != "off"
	}
	_, err := exec.LookPath("gopackagesdriver")
	return err == nil
}

// usualFlags reports whether GOFLAGS has nothing that brings in other files.
func usualFlags(flags string) bool {
	for flag := range strings.FieldsSeq(flags) {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		if !slices.Contains([]string{"mod", "tags", "buildvcs", "trimpath"}, name) {
			return false
		}
	}
	return true
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' })
}

// ask runs the go command, and returns the lines that it prints; nil if it fails.
func (l lister) ask(args ...string) []string {
	out, err := l.command(args...).Output()
	if err != nil {
		return nil
	}
	return strings.Split(strings.ReplaceAll(strings.TrimSuffix(string(out), "\n"), "\r", ""), "\n")
}

// command is a call of the go command, which is not yet started.
func (l lister) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(l.ctx, "go", args...)
	cmd.Dir, cmd.Env = l.dir, l.env
	if l.env != nil && l.dir != "" {
		// PWD is how the go command knows the name of a folder that is a link.
		cmd.Env = append(slices.Clip(l.env), "PWD="+l.dir)
	}
	return cmd
}

// getenv is a variable of the go command's environment.
func (l lister) getenv(name string) string {
	if l.env == nil {
		return os.Getenv(name)
	}
	value := ""
	for _, kv := range l.env {
		if rest, ok := strings.CutPrefix(kv, name+"="); ok {
			value = rest
		}
	}
	return value
}
