package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// initModule gives the module that is there wsgen and, if it has none, a first
// gateway.
func initModule(ctx context.Context, s streams, args []string) int {
	f := newScaffoldFlags("init")
	dir, from, err := f.parse(s, args)
	if err == nil && f.set.NArg() > 0 {
		err = usage(s, "init takes no arguments: a new project is made by wsgen new %s", f.set.Arg(0))
	}
	if err == nil {
		err = s.undone(func(u *scaffold.Undo) error { return s.init(ctx, f, dir, from, u) })
	}
	if err != nil {
		return scaffoldExit(ctx, s, err, "init")
	}
	return exitOK
}

func (s streams) init(ctx context.Context, f *scaffoldFlags, dir string, from scaffold.Source, undo *scaffold.Undo) error {
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
	data := scaffold.Data{Module: module, First: f.first}
	files, first, err := lacking(ctx, mod, data)
	if err != nil {
		return err
	}
	if err := undo.Write(root, files); err != nil {
		return err
	}
	s.wrote(files, "")
	if !tool || from.Dir != "" {
		if err := s.addTool(ctx, mod, from, undo); err != nil {
			return err
		}
	}
	if err := s.generated(ctx, root, nil); err != nil {
		return err
	}
	if from.Dir != "" { // now packages import the runtime that did not
		if err := mod.Settle(ctx); err != nil {
			return err
		}
	}
	if !first {
		f.set.Visit(func(given *flag.Flag) {
			if given.Name == "gateway" {
				fmt.Fprintln(s.out, "wsgen: the module has directives already, so no gateway was added")
			}
		})
		fmt.Fprintf(s.out, "\nnext: %s after every change of a gateway\n%s", generateAgain, askForClients)
		return nil
	}
	serve, err := scaffold.Serve(data)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nnext: serve the gateway, where your program listens:\n\n%s\nand %s after every change of a gateway\n%s", indent(string(serve)), generateAgain, askForClients)
	return nil
}

// askForClients says how to have clients written, which wsgen new does by itself.
const askForClients = "for clients in pages and programs, name files in wsgen.conf: client.ts = web/client.gen.ts, or client.js, or client.go\n"

func indent(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			out.WriteString("  ")
		}
		out.WriteString(line)
	}
	return out.String()
}

// addTool makes wsgen a tool of the module, and tells which of the user's choices
// in go.mod that has changed.
func (s streams) addTool(ctx context.Context, mod scaffold.Modfile, from scaffold.Source, undo *scaffold.Undo) error {
	kept := []string{filepath.Join(mod.Dir, "go.mod"), filepath.Join(mod.Dir, "go.sum")}
	work, err := mod.Workspace(ctx)
	if err != nil {
		return err
	}
	if work != "" {
		kept = append(kept, work+".sum")
	}
	if err := undo.Keep(kept...); err != nil {
		return err
	}
	changed, err := mod.AddTool(ctx, from)
	if err != nil {
		return err
	}
	for _, line := range changed {
		fmt.Fprintf(s.out, "wsgen: go.mod: %s, as wsgen requires\n", line)
	}
	if !mod.Vendored() {
		return nil
	}
	if err := undo.Aside(filepath.Join(mod.Dir, "vendor")); err != nil {
		return err
	}
	return mod.Vendor(ctx)
}

// lacking are the files that the module has not; first says that the first
// gateway is among them.
func lacking(ctx context.Context, mod scaffold.Modfile, d scaffold.Data) (files map[string][]byte, first bool, err error) {
	files = map[string][]byte{}
	_, result, err := pipeline.Model(ctx, pipeline.Options{Dir: mod.Dir})
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	// A gateway with mistakes is one, too.
	if first = err == nil && result.Packages == 0 && len(result.Diagnostics) == 0; first {
		if err := free(mod.Dir, d.First.Package); err != nil {
			return nil, false, err
		}
		if files, err = scaffold.Gateway(d); err != nil {
			return nil, false, err
		}
	}
	runs, err := scaffold.FindRuns(mod.Dir)
	if err != nil || runs.Generate && runs.Check {
		return files, first, err
	}
	var alone bool
	if d.Root, alone, err = mod.RootPackage(ctx); err != nil {
		return nil, false, err
	}
	generate := unused(mod.Dir, "generate.go", "generate_wsgen.go")
	if d.Root == "" { // the tests of a program: a main.go may come beside them
		d.Root, d.Tests, alone = "main", true, false
		generate = unused(mod.Dir, "generate_test.go", "generate_wsgen_test.go")
	}
	if !runs.Generate {
		d.Doc = alone
		if files[generate], err = scaffold.Generate(d); err != nil {
			return nil, false, err
		}
	}
	if !runs.Check {
		if d.Test, err = scaffold.FreeTest(mod.Dir); err != nil {
			return nil, false, err
		}
		files[unused(mod.Dir, "wsgen_test.go", "wsgen_check_test.go")], err = scaffold.Check(d)
	}
	return files, first, err
}

// free fails if the folder of the first gateway is there and has something in it.
// A folder whose name differs in case only counts as the same one: some systems do
// not tell the two apart.
func free(root, folder string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.EqualFold(e.Name(), folder) {
			continue
		}
		path := filepath.Join(root, e.Name())
		if within, err := os.ReadDir(path); err == nil && len(within) == 0 && e.Name() == folder {
			continue
		}
		return fmt.Errorf("%s is there already, and stays as it is: give the first gateway another name, with -gateway NAME", path)
	}
	return nil
}

// unused is name, or other where there is a file of that name.
func unused(dir, name, other string) string {
	if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
		return other
	}
	return name
}
