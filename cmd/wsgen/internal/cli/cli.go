// Package cli is wsgen's command line: subcommands, flags, exit codes, and what
// a person reads in the terminal.
package cli

import (
	"flag"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/bidi"
)

// commands is the table of subcommands.
func commands() []command {
	return []command{
		{
			"generate", "[flags] [packages]", "write generated files (the default command)", generate,
			func() *flag.FlagSet { return generateFlags().set },
			`Reads the packages (./... if none is named) and writes ws_gen.go, for google/wire
ws_wire_gen.go, and with -fuzz ws_gen_test.go, beside their sources. Files are
replaced only if they differ, and only if wsgen wrote them; nothing is written
while there is a mistake.
Which packages there are, and which files each has, is what go list says: it
finds node_modules, too, unless go.mod says ignore ./node_modules. With an
application come the packages that it is built from, wherever they stand, so that
none is stale. A run that finds every file as the last one left it ends at once.`,
		},
		{
			"check", "[flags] [packages]", "write nothing, show what generate would change, exit 1 if anything", check,
			func() *flag.FlagSet { return checkFlags().set },
			`Prints a diff from the files on disk to those that generate would write, for CI.
It always reads everything, and fails as well if it finds no directive although
the module has a file that wsgen wrote, a go:generate line, or a directive where
go list finds no package.`,
		},
		{
			"watch", "[flags] [packages]", "generate now, and again whenever a file changes", watchFiles,
			func() *flag.FlagSet { return watchFlags().set },
			`Prints a line for each run. It sees the files of the module and of those that
go.mod and go.work take from folders, but for hidden folders and node_modules;
changes that come together are one.`,
		},
		{
			"list", "[flags] [packages]", "show gateways, events, data, guards and pushes", list, listFlagSet,
			`A line for each event. Access is guarded if something is asked first, public if
//ws:public says that nothing is, on purpose, and open if nothing says anything.`,
		},
		{
			"new", "[flags] name", "make a folder with a program that runs", newProject,
			func() *flag.FlagSet { return newScaffoldFlags("new").set },
			`The name is a module path, such as github.com/you/hello; hello alone becomes
example.com/hello. The folder is called like its last part, and must be empty if
it is there. When something fails, everything is as it was before.`,
		},
		{
			"init", "[flags]", "add wsgen and a first gateway to the module that is here", initModule,
			func() *flag.FlagSet { return newScaffoldFlags("init").set },
			`Makes wsgen a tool of the module and adds what it has not yet: a go:generate line,
a test that runs wsgen check, and a first gateway if there is no directive. No file
that is there is changed but go.mod and go.sum, and copies in vendor; what changes
there of what was chosen before, such as the version of Go, is told. When something
fails, everything is as it was before.`,
		},
		{"explain", "[code]", "explain a diagnostic, such as WS022; without a code, list all", explainCode, nil, ""},
		{"version", "", "print the version", version, nil, ""},
		{"help", "[command]", "explain wsgen or one of its commands", help, nil, ""},
	}
}

// Main runs wsgen and returns its exit code: 0 if all is well, 1 for mistakes in
// the source, stale files under check, and failures, 2 for wrong usage, 130 if
// it was interrupted. args excludes the program's name.
//
// An interrupt ends the run within a second, whatever that is doing. It ends it
// before the run begins to replace files, or when all are replaced.
func Main(stdin io.Reader, stdout, stderr io.Writer, args []string) int {
	// A run is over before it has made much garbage, and to collect that would take
	// longer than the work. In a large module the limit is reached all the same.
	debug.SetGCPercent(400)
	ctx, writing, stop := interruptible(stderr)
	defer stop()

	// What people read here comes from files that others wrote.
	stdout, stderr = bidi.Writer{To: stdout}, bidi.Writer{To: stderr}
	s := streams{stdin, stdout, stderr, writing, commands()}
	if len(args) > 0 {
		switch args[0] {
		case "-h", "-help", "--help":
			return help(ctx, s, args[1:])
		case "-version", "--version":
			return version(ctx, s, args[1:])
		}
	}
	if len(args) == 0 || !isWord(args[0]) {
		return generate(ctx, s, args)
	}
	for _, c := range s.commands {
		if c.name == args[0] {
			return c.run(ctx, s, args[1:])
		}
	}
	s.errorf("unknown command %q%s", args[0], didYouMean(args[0], s.names()))
	switch {
	case args[0] == "all":
		fmt.Fprintln(stderr, "All packages of this module are ./...: wsgen ./...")
	case isFolder("", args[0]):
		fmt.Fprintf(stderr, "A package is written with a dot or a slash: wsgen ./%s\n", args[0])
	}
	fmt.Fprintln(stderr, `Run "wsgen help" for usage.`)
	return exitUsage
}
