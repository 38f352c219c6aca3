package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
)

// The exit codes.
const (
	exitOK    = 0
	exitFail  = 1 // mistakes in the source, stale files, or something failed
	exitUsage = 2

	exitInterrupted = 130 // as a shell reports SIGINT
)

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// writing is held while files are written: an interrupt waits for it.
	writing *writing
	// commands are all that there are, for those that tell of others.
	commands []command
}

// command is one line of the table of subcommands.
type command struct {
	name    string
	args    string // behind the name in the usage line
	summary string
	run     func(ctx context.Context, s streams, args []string) int
	flags   func() *flag.FlagSet // nil: it has none
	text    string               // what help says about it besides
}

// names are those of the commands.
func (s streams) names() []string {
	var names []string
	for _, c := range s.commands {
		names = append(names, c.name)
	}
	return names
}

// errorf tells what went wrong.
func (s streams) errorf(format string, args ...any) {
	fmt.Fprintf(s.err, "wsgen: "+format+"\n", args...)
}

// errReported is an error that has been told already.
var errReported = errors.New("reported")
