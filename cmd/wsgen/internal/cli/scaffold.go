package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// scaffoldFlags are the flags of new and init.
type scaffoldFlags struct {
	dir     string
	wsgen   string
	gateway string
	first   scaffold.First
	set     *flag.FlagSet
}

func newScaffoldFlags(command string) *scaffoldFlags {
	f := &scaffoldFlags{set: newFlagSet(command)}
	f.set.StringVar(&f.dir, "C", "", "run as if started in `dir`")
	f.set.StringVar(&f.wsgen, "wsgen", "", "take wsgen from the checkout in `dir`, by a replace in go.mod; default: the version of this wsgen")
	f.set.StringVar(&f.gateway, "gateway", "chat", "`name` of the first gateway: its path, and of its letters and digits its package")
	return f
}

// parse reads the flags, and where wsgen comes from.
func (f *scaffoldFlags) parse(s streams, args []string) (dir string, from scaffold.Source, err error) {
	if err := parseFlags(s, f.set, args); err != nil {
		return "", from, err
	}
	if f.first, err = scaffold.NewFirst(f.gateway); err != nil {
		return "", from, usage(s, "-gateway: %v", err)
	}
	if dir, err = workDir(f.dir); err != nil {
		return "", from, err
	}
	if f.wsgen != "" {
		if from.Dir, err = filepath.Abs(f.wsgen); err != nil {
			return "", from, err
		}
		return dir, from, from.Check()
	}
	from.Version = released()
	return dir, from, nil
}

// released is the version of this wsgen, or "" if no module can require it.
func released() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Sum == "" {
		return ""
	}
	return info.Main.Version
}

var errUnreleased = errors.New("this wsgen was built from a checkout, which no go.mod can require: name the checkout with -wsgen DIR")

// newProject makes a folder with a program that runs.
func newProject(ctx context.Context, s streams, args []string) int {
	f := newScaffoldFlags("new")
	dir, from, err := f.parse(s, args)
	if err != nil {
		return scaffoldExit(ctx, s, err, "new")
	}
	if f.set.NArg() != 1 {
		_ = usage(s, "new takes one name, such as hello or github.com/you/hello; flags come first")
		return exitUsage
	}
	name := f.set.Arg(0)
	module, err := scaffold.Module(name)
	if err != nil {
		_ = usage(s, "%v", err)
		return exitUsage
	}
	p := project{f, filepath.Join(dir, scaffold.Base(name)), module, from}
	if err := s.undone(func(u *scaffold.Undo) error { return s.create(ctx, p, u) }); err != nil {
		return scaffoldExit(ctx, s, err, "new")
	}
	return exitOK
}

// project is what new makes.
type project struct {
	flags  *scaffoldFlags
	dir    string
	module string
	from   scaffold.Source
}

func (s streams) create(ctx context.Context, p project, undo *scaffold.Undo) error {
	if p.from == (scaffold.Source{}) {
		return errUnreleased
	}
	if entries, err := os.ReadDir(p.dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is there already, and not empty", p.dir)
	}
	name := filepath.Base(p.dir)
	files, err := scaffold.Project(scaffold.Data{Module: p.module, Name: name, First: p.flags.first})
	if err != nil {
		return err
	}
	if err := undo.Write(p.dir, files); err != nil {
		return err
	}
	s.wrote(files, name)
	// A workspace above does not know the new module.
	mod := s.modfile(p.dir)
	mod.Env = append(os.Environ(), "GOWORK=off")
	if _, err := mod.AddTool(ctx, p.from); err != nil {
		return err
	}
	if err := mod.Tidy(ctx); err != nil {
		return err
	}
	if err := s.generated(ctx, p.dir, mod.Env); err != nil {
		return err
	}
	work, err := s.modfile(p.dir).Workspace(ctx)
	if err != nil {
		return err
	}
	steps := [][2]string{{"cd " + name, ""}}
	if work != "" {
		steps = append(steps, [2]string{"go work use .", "which " + work + " asks of every module"})
	}
	steps = append(steps,
		[2]string{"go run .", "then open http://127.0.0.1:8080"},
		[2]string{"go test ./...", ""},
		[2]string{generateAgain, "after every change of a gateway"})
	fmt.Fprintln(s.out, "\nnext:")
	for _, step := range steps {
		line := "  " + step[0]
		if step[1] != "" {
			line = fmt.Sprintf("%-*s   # %s", len("  "+generateAgain), line, step[1])
		}
		fmt.Fprintln(s.out, line)
	}
	return nil
}

// generateAgain runs wsgen, and every other generator. It passes over the line
// that google/wire writes into its own output: a workspace refuses that one.
const generateAgain = "go generate -skip 'mod=mod' ./..."

func (s streams) modfile(dir string) scaffold.Modfile {
	return scaffold.Modfile{Dir: dir, Said: func(line string) { fmt.Fprintf(s.out, "wsgen: %s\n", line) }}
}

// wrote names the files that were written.
func (s streams) wrote(files map[string][]byte, dir string) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(s.out, "wsgen: wrote %s\n", filepath.Join(dir, filepath.FromSlash(name)))
	}
}

// generated runs the generator over the module at root.
func (s streams) generated(ctx context.Context, root string, env []string) error {
	j := &job{streams: s, flags: generateFlags(), dir: root}
	if err := j.configure(); err != nil {
		return err
	}
	if j.opts.Dir == "" { // the settings have mistakes, which were printed
		return errReported
	}
	j.opts.Env = env
	result, _, err := j.generate(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if code := j.report(ctx, result, err); code != exitOK {
		return errReported
	}
	if line := changed(root, result.Changes); line != "" {
		fmt.Fprintf(s.out, "wsgen: %s\n", line)
	}
	return nil
}

func scaffoldExit(ctx context.Context, s streams, err error, command string) int {
	if _, ok := errors.AsType[takenBack](err); ok {
		defer s.errorf("what was written before is taken back: nothing has changed")
	}
	switch {
	case errors.Is(err, errHelp), errors.Is(err, errUsage):
		return usageExit(s, err, command)
	case errors.Is(err, errReported):
	case ctx.Err() != nil:
		s.errorf("interrupted")
		return exitInterrupted
	default:
		s.errorf("%s", strings.TrimSpace(err.Error()))
	}
	return exitFail
}
