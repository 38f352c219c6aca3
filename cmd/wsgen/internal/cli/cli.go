// Package cli is wsgen's command line: subcommands, flags, exit codes, and what
// a person reads in the terminal.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// The exit codes.
const (
	exitOK    = 0
	exitFail  = 1 // mistakes in the source, stale files, or something failed
	exitUsage = 2
)

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func (s streams) errorf(format string, args ...any) {
	fmt.Fprintf(s.err, "wsgen: "+format+"\n", args...)
}

// command is one line of the table of subcommands.
type command struct {
	name    string
	args    string // behind the name in the usage line
	summary string
	run     func(ctx context.Context, s streams, args []string) int
}

func commands() []command {
	return []command{
		{"generate", "[flags] [packages]", "write generated files (the default command)", generate},
		{"check", "[flags] [packages]", "write nothing, show what generate would change, exit 1 if anything", check},
		{"explain", "[code]", "explain a diagnostic, such as WS022; without a code, list all", explainCode},
		{"version", "", "print the version", version},
		{"help", "[command]", "explain wsgen or one of its commands", help},
	}
}

// Main runs wsgen and returns its exit code: 0 if all is well, 1 for mistakes in
// the source, stale files under check, and failures, 2 for wrong usage. args
// excludes the program's name.
//
// An interrupt ends the run before it begins to replace files, or after.
func Main(stdin io.Reader, stdout, stderr io.Writer, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt kills as usual

	s := streams{stdin, stdout, stderr}
	if len(args) == 0 || !isWord(args[0]) {
		return generate(ctx, s, args)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, s, args[1:])
		}
	}
	s.errorf("unknown command %q%s", args[0], didYouMean(args[0], commandNames()))
	fmt.Fprintf(stderr, "A package is written with a dot or a slash: wsgen ./%s\nRun \"wsgen help\" for usage.\n", args[0])
	return exitUsage
}

// isWord tells a command from a flag and from a package, which has a dot or a
// slash in all forms that name the user's own.
func isWord(arg string) bool {
	return arg != "" && arg[0] != '-' && !strings.ContainsAny(arg, `./\`)
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}
