package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
)

func help(_ context.Context, s streams, args []string) int {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		overview(s.out, s.commands)
		return exitOK
	}
	for _, c := range s.commands {
		if c.name == args[0] {
			helpOn(s.out, c)
			return exitOK
		}
	}
	s.errorf("unknown command %q%s", args[0], didYouMean(args[0], s.names()))
	return exitUsage
}

func overview(w io.Writer, commands []command) {
	fmt.Fprint(w, `wsgen generates typed WebSocket gateways from //ws: directives.

usage: wsgen [command] [flags] [packages]

commands:
`)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, c := range commands {
		fmt.Fprintf(table, "  %s\t%s\n", c.name, c.summary)
	}
	table.Flush()
	fmt.Fprint(w, `
Packages are named as for the go command; without any, it is ./... "wsgen help
generate" lists flags. What a module wants in every run stands in the file
`+settings.File+` at its root, a line "name = value" for each:

`)
	table = tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, spec := range settings.Table() {
		fmt.Fprintf(table, "  %s\t%s\n", spec.Name, spec.Doc)
	}
	table.Flush()
	fmt.Fprint(w, `
Exit codes: 0 all is well, 1 the source has mistakes, files are stale or
something failed, 2 wrong usage, 130 interrupted.
`)
}

func helpOn(w io.Writer, c command) {
	line := "usage: wsgen " + c.name
	if c.args != "" {
		line += " " + c.args
	}
	fmt.Fprintf(w, "%s\n\n%s\n", line, c.summary)
	if c.text != "" {
		fmt.Fprintf(w, "\n%s\n", c.text)
	}
	if c.flags != nil {
		fmt.Fprintln(w, "\nflags:")
		flagTable(w, c.flags())
	}
}

func flagTable(w io.Writer, set *flag.FlagSet) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	set.VisitAll(func(f *flag.Flag) {
		name, text := flagText(f)
		fmt.Fprintf(table, "  %s\t%s\n", name, text)
	})
	table.Flush()
}

// flagText is a flag with its argument, and what it means.
func flagText(f *flag.Flag) (name, text string) {
	arg, text := flag.UnquoteUsage(f)
	if spec, ok := settings.Lookup(f.Name); ok {
		arg = spec.Arg
	}
	return strings.TrimSpace("-" + f.Name + " " + arg), text
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
