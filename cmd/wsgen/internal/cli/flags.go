package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// runFlags are the flags of the commands that run the generator.
type runFlags struct {
	dir    string
	tags   string
	wire   string
	stdout bool
	format string
	strict bool
	set    *flag.FlagSet
}

func newRunFlags(command string) *runFlags {
	f := &runFlags{set: flag.NewFlagSet("wsgen "+command, flag.ContinueOnError)}
	f.set.SetOutput(io.Discard)
	f.set.StringVar(&f.dir, "C", "", "run as if started in `dir`")
	f.set.StringVar(&f.tags, "tags", "", "comma-separated `list` of build tags")
	f.set.StringVar(&f.wire, "wire", string(pipeline.WireAuto),
		"write provider sets for google/wire: `mode` is auto (if go.mod requires it), on or off")
	f.set.StringVar(&f.format, "format", formatText,
		"print mistakes as `form`: text, json (an array, on standard output) or github (workflow commands, on standard output)")
	f.set.BoolVar(&f.strict, "werror", false, "take warnings for errors")
	if command == "generate" {
		f.set.BoolVar(&f.stdout, "stdout", false, "print the generated files and write nothing")
	}
	return f
}

var (
	errHelp  = errors.New("help")
	errUsage = errors.New("usage")
)

// parse reads flags and packages. It has already said what is wrong when it
// returns errUsage; errHelp says that help was asked for.
func (f *runFlags) parse(s streams, args []string) (pipeline.Options, error) {
	usage := func(format string, a ...any) (pipeline.Options, error) {
		s.errorf(format, a...)
		fmt.Fprintln(s.err, `Run "wsgen help" for usage.`)
		return pipeline.Options{}, errUsage
	}

	err := f.set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return pipeline.Options{}, errHelp
	}
	if err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
			return usage("unknown flag -%s%s", name, didYouMean("-"+name, f.names()))
		}
		return usage("%v", err)
	}
	for _, arg := range f.set.Args() {
		if strings.HasPrefix(arg, "-") {
			return usage("flag %s stands behind a package: flags come first", arg)
		}
		if isWord(arg) {
			return usage("%q is not a package of this module: write ./%s%s", arg, arg, didYouMean(arg, commandNames()))
		}
	}
	wire := pipeline.Wire(f.wire)
	switch wire {
	case pipeline.WireAuto, pipeline.WireOn, pipeline.WireOff:
	default:
		return usage("-wire=%s is not a mode: it is auto, on or off", f.wire)
	}
	if !slices.Contains(formats(), f.format) {
		return usage("-format=%s is not a form: it is %s%s", f.format, strings.Join(formats(), ", "), didYouMean(f.format, formats()))
	}
	return pipeline.Options{
		Dir: f.dir, Patterns: f.set.Args(), Tags: splitList(f.tags), Wire: wire, WarningsFail: f.strict,
	}, nil
}

func (f *runFlags) names() []string {
	var names []string
	f.set.VisitAll(func(fl *flag.Flag) { names = append(names, "-"+fl.Name) })
	return names
}

func splitList(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// commandLine repeats the run that would write what check compared.
func (f *runFlags) commandLine() string {
	words := []string{"go tool wsgen"}
	f.set.Visit(func(fl *flag.Flag) {
		words = append(words, "-"+fl.Name+"="+fl.Value.String())
	})
	if f.set.NArg() == 0 {
		words = append(words, "./...")
	}
	return strings.Join(append(words, f.set.Args()...), " ")
}

// didYouMean is "; did you mean …?" if a candidate is close to word.
func didYouMean(word string, candidates []string) string {
	if best := directive.Closest(word, candidates); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ""
}
