package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// namedFiles is how many files a summary names; the rest it counts.
const namedFiles = 4

func generate(ctx context.Context, s streams, args []string) int {
	flags := newRunFlags("generate")
	opts, err := flags.parse(s, args)
	if err != nil {
		return usageExit(s, err, "generate")
	}
	dir, err := workDir(opts.Dir)
	if err != nil {
		s.errorf("%v", err)
		return exitFail
	}

	said := s.out // for people; standard output is taken if a program reads the mistakes
	if flags.format == formatJSON {
		said = s.err
	}
	var sink output.Sink = output.Disk{}
	if flags.stdout {
		sink = output.Stdout{Out: s.out, Dir: dir}
	}
	result, err := pipeline.Run(ctx, opts, sink)
	if code := report(ctx, s, dir, flags.format, result, err); code != exitOK {
		return code
	}

	var wrote, removed []string
	for _, c := range result.Changes {
		name := output.Relative(dir, c.Path)
		if c.New == nil {
			removed = append(removed, name)
		} else {
			wrote = append(wrote, name)
		}
	}
	if len(wrote) > 0 {
		fmt.Fprintf(said, "wsgen: wrote %s\n", summary(wrote))
	}
	if len(removed) > 0 {
		fmt.Fprintf(said, "wsgen: removed %s\n", summary(removed))
	}
	return exitOK
}

func check(ctx context.Context, s streams, args []string) int {
	flags := newRunFlags("check")
	opts, err := flags.parse(s, args)
	if err != nil {
		return usageExit(s, err, "check")
	}
	dir, err := workDir(opts.Dir)
	if err != nil {
		s.errorf("%v", err)
		return exitFail
	}

	diff := s.out
	if flags.format == formatJSON {
		diff = s.err
	}
	result, err := pipeline.Run(ctx, opts, output.Check{Out: diff, Dir: dir})
	if code := report(ctx, s, dir, flags.format, result, err); code != exitOK {
		return code
	}
	if len(result.Changes) == 0 {
		return exitOK
	}
	s.errorf("%s not up to date; to update: %s", count(len(result.Changes), "generated file is", "generated files are"), flags.commandLine())
	return exitFail
}

// report prints what went wrong, and what a user might wonder about.
func report(ctx context.Context, s streams, dir, format string, result pipeline.Result, err error) int {
	if printErr := printMistakes(s, dir, format, result.Diagnostics); printErr != nil {
		return exitFail
	}
	if err != nil && ctx.Err() != nil {
		s.errorf("interrupted, no file was changed")
		return exitFail
	}
	if err != nil {
		s.errorf("%v", err)
		return exitFail
	}
	if result.Diagnostics.HasErrors() {
		errs := 0
		for _, d := range result.Diagnostics {
			if !d.Warning {
				errs++
			}
		}
		if format == formatText {
			fmt.Fprintln(s.err)
		}
		s.errorf("%s, no file was changed", count(errs, "error", "errors"))
		return exitFail
	}
	if result.Packages == 0 {
		s.errorf("no //ws: directives here: nothing to generate")
	}
	return exitOK
}

func usageExit(s streams, err error, command string) int {
	if errors.Is(err, errHelp) {
		return help(context.Background(), s, []string{command})
	}
	return exitUsage
}

// workDir is the absolute folder that the run sees as its own.
func workDir(dir string) (string, error) {
	if dir == "" {
		return os.Getwd()
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("-C: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("-C: %s is not a folder", dir)
	}
	return filepath.Abs(dir)
}

func summary(names []string) string {
	if more := len(names) - namedFiles; more > 0 {
		return fmt.Sprintf("%s and %s", strings.Join(names[:namedFiles], ", "), count(more, "more file", "more files"))
	}
	return strings.Join(names, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// isTerminal follows the conventions of NO_COLOR and TERM=dumb.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
