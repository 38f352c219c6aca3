package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"text/tabwriter"
)

func help(_ context.Context, s streams, args []string) int {
	if len(args) == 0 {
		overview(s.out)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == args[0] {
			explain(s.out, c)
			return exitOK
		}
	}
	s.errorf("unknown command %q%s", args[0], didYouMean(args[0], commandNames()))
	return exitUsage
}

func overview(w io.Writer) {
	fmt.Fprint(w, `wsgen generates typed WebSocket gateways from //ws: directives.

usage: wsgen [command] [flags] [packages]

commands:
`)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(table, "  %s\t%s\n", c.name, c.summary)
	}
	table.Flush()
	fmt.Fprintln(w, "\nflags of generate and check:")
	flagTable(w, newRunFlags("generate").set)
	fmt.Fprint(w, `
Packages are named as for the go command; without any, it is ./... Exit code 1
says that the source has mistakes or files are stale, 2 that the usage is wrong.
`)
}

func explain(w io.Writer, c command) {
	line := "usage: wsgen " + c.name
	if c.args != "" {
		line += " " + c.args
	}
	fmt.Fprintf(w, "%s\n\n%s\n", line, c.summary)
	if c.name == "generate" || c.name == "check" {
		fmt.Fprintln(w, "\nflags:")
		flagTable(w, newRunFlags(c.name).set)
	}
}

func flagTable(w io.Writer, set *flag.FlagSet) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	set.VisitAll(func(f *flag.Flag) {
		arg, text := flag.UnquoteUsage(f)
		name := "-" + f.Name
		if arg != "" {
			name += " " + arg
		}
		fmt.Fprintf(table, "  %s\t%s\n", name, text)
	})
	table.Flush()
}

func version(_ context.Context, s streams, args []string) int {
	if len(args) > 0 {
		s.errorf("version takes no arguments")
		return exitUsage
	}
	number, goVersion := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = " " + info.GoVersion
		if info.Main.Version != "" {
			number = info.Main.Version
		}
	}
	fmt.Fprintf(s.out, "wsgen %s%s\n", number, goVersion)
	return exitOK
}
