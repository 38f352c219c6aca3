package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// scaffoldFlags are the flags of new and init.
type scaffoldFlags struct {
	dir     string
	wsgen   string
	gateway string
	set     *flag.FlagSet
}

func newScaffoldFlags(command string) *scaffoldFlags {
	f := &scaffoldFlags{set: newFlagSet(command)}
	f.set.StringVar(&f.dir, "C", "", "run as if started in `dir`")
	f.set.StringVar(&f.wsgen, "wsgen", "", "take wsgen from the checkout in `dir`, by a replace in go.mod; default: the version of this wsgen")
	f.set.StringVar(&f.gateway, "gateway", "chat", "`name` of the first gateway: its package and its path")
	return f
}

// parse reads the flags, and where wsgen comes from.
func (f *scaffoldFlags) parse(s streams, args []string) (dir string, from scaffold.Source, err error) {
	if err := parseFlags(s, f.set, args); err != nil {
		return "", from, err
	}
	if err := scaffold.CheckGateway(f.gateway); err != nil {
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
	if err := create(ctx, s, f, filepath.Join(dir, path.Base(name)), module, from); err != nil {
		return scaffoldExit(ctx, s, err, "new")
	}
	return exitOK
}

func create(ctx context.Context, s streams, f *scaffoldFlags, dir, module string, from scaffold.Source) error {
	if from == (scaffold.Source{}) {
		return errUnreleased
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is there already, and not empty", dir)
	}
	files, err := scaffold.Project(scaffold.Data{Module: module, Name: path.Base(module), Gateway: f.gateway})
	if err != nil {
		return err
	}
	if err := scaffold.Write(dir, files); err != nil {
		return err
	}
	s.wrote(files, path.Base(dir))
	// A workspace above does not know the new module.
	mod := s.modfile(dir)
	mod.Env = append(os.Environ(), "GOWORK=off")
	if err := mod.AddTool(ctx, from); err != nil {
		return err
	}
	if err := mod.Tidy(ctx); err != nil {
		return err
	}
	if err := s.generated(ctx, dir, mod.Env); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nnext:\n  cd %s\n  go run .                  # then open http://127.0.0.1:8080\n  go test ./...\n  go generate ./...         # after every change of a gateway\n", path.Base(dir))
	return nil
}

// initModule gives the module that is there wsgen and, if it has none, a first
// gateway.
func initModule(ctx context.Context, s streams, args []string) int {
	f := newScaffoldFlags("init")
	dir, from, err := f.parse(s, args)
	if err == nil && f.set.NArg() > 0 {
		err = usage(s, "init takes no arguments: a new project is made by wsgen new %s", f.set.Arg(0))
	}
	if err == nil {
		err = s.init(ctx, f, dir, from)
	}
	if err != nil {
		return scaffoldExit(ctx, s, err, "init")
	}
	return exitOK
}

func (s streams) init(ctx context.Context, f *scaffoldFlags, dir string, from scaffold.Source) error {
	home, err := pipeline.FindModule(dir)
	if err != nil {
		return err
	}
	root := home.Dir
	mod := s.modfile(root)
	module, tool, err := mod.Read(ctx)
	if err != nil {
		return err
	}
	if !tool && from == (scaffold.Source{}) {
		return errUnreleased
	}
	files, first, err := missing(ctx, root, scaffold.Data{Module: module, Name: path.Base(module), Gateway: f.gateway})
	if err != nil {
		return err
	}
	if err := scaffold.Write(root, files); err != nil {
		return err
	}
	s.wrote(files, "")
	if !tool || from.Dir != "" {
		if err := mod.AddTool(ctx, from); err != nil {
			return err
		}
	}
	if err := s.generated(ctx, root, nil); err != nil {
		return err
	}
	if !first {
		fmt.Fprint(s.out, "\nnext: go generate ./... after every change of a gateway\n")
		return nil
	}
	fmt.Fprintf(s.out, `
next: serve the gateway, where your program listens:

  import (
  	%[1]q
  	ws "github.com/wsgen/wsgen/runtime"
  )

  server := ws.NewServer(ws.Options{})
  room := &%[2]s.Room{Push: %[2]s.NewEventsPush(server)}
  ws.NewRouter(%[2]s.NewRoomEndpoint(server, room).Endpoint).Mount(mux)

and go generate ./... after every change of a gateway
`, module+"/"+f.gateway, f.gateway)
	return nil
}

// missing are the files that the module at root lacks; first says that the
// first gateway is among them.
func missing(ctx context.Context, root string, d scaffold.Data) (files map[string][]byte, first bool, err error) {
	files = map[string][]byte{}
	_, result, err := pipeline.Model(ctx, pipeline.Options{Dir: root})
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	// Whatever is wrong with a gateway that is there: there is one.
	if first = err == nil && result.Packages == 0 && len(result.Diagnostics) == 0; first {
		if files, err = scaffold.Gateway(d); err != nil {
			return nil, false, err
		}
	}
	has, err := scaffold.HasGenerateLine(root)
	if err != nil || has {
		return files, first, err
	}
	if d.Root, d.Doc, err = scaffold.RootPackage(root, d.Module); err != nil {
		return nil, false, err
	}
	name := "generate.go"
	if _, err := os.Lstat(filepath.Join(root, name)); err == nil {
		name = "generate_wsgen.go"
	}
	files[name], err = scaffold.Generate(d)
	return files, first, err
}

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
	j.opts.Env = env
	result, _, err := j.generate(ctx)
	if code := j.report(ctx, result, err); code != exitOK {
		return errReported
	}
	if line := changed(root, result.Changes); line != "" {
		fmt.Fprintf(s.out, "wsgen: %s\n", line)
	}
	return nil
}

// errReported is an error that has been told already.
var errReported = errors.New("reported")

func scaffoldExit(ctx context.Context, s streams, err error, command string) int {
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
