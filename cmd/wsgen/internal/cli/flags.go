package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
)

// runFlags are the flags of the commands that read the user's packages.
type runFlags struct {
	dir    string
	stdout bool
	force  bool
	json   bool
	format string
	object bool // standard output is for an answer, which takes mistakes in if it is JSON
	set    *flag.FlagSet
	given  []given
}

// given is a setting that stands on the command line.
type given struct {
	spec  settings.Spec
	value string
}

// newRunFlags makes the flags that all these commands have: one for each setting,
// and those that no module wants in every run.
func newRunFlags(command string) *runFlags {
	f := &runFlags{set: newFlagSet(command)}
	f.set.StringVar(&f.dir, "C", "", "run as if started in `dir`")
	f.set.StringVar(&f.format, "format", formatText,
		"print mistakes as `form`: text, json (an array, on standard output) or github (workflow commands, on standard output)")
	for _, spec := range settings.Table() {
		keep := func(value string) error {
			f.given = append(f.given, given{spec, value})
			return nil
		}
		if spec.Arg == "" {
			f.set.BoolFunc(spec.Name, spec.Doc, keep)
		} else {
			f.set.Func(spec.Name, spec.Doc, keep)
		}
	}
	return f
}

func newFlagSet(command string) *flag.FlagSet {
	set := flag.NewFlagSet("wsgen "+command, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set
}

func generateFlags() *runFlags {
	f := newRunFlags("generate")
	f.set.BoolVar(&f.stdout, "stdout", false, "print the generated files and write nothing")
	f.set.BoolVar(&f.force, "force", false, "run although nothing has changed since the last run")
	return f
}

func checkFlags() *runFlags { return newRunFlags("check") }

var (
	errHelp  = errors.New("help")
	errUsage = errors.New("usage")
)

// parse reads flags and packages. When it returns errUsage, it has told the user
// what is wrong. errHelp says that help was asked for.
func (f *runFlags) parse(s streams, args []string) error {
	if err := parseFlags(s, f.set, args); err != nil {
		return err
	}
	for _, arg := range f.set.Args() {
		if strings.HasPrefix(arg, "-") {
			return usage(s, "flag %s stands behind a package: flags come first", arg)
		}
		if isWord(arg) {
			return usage(s, "%q is not a package%s", arg, f.packageFor(s, arg))
		}
	}
	scratch := settings.Default()
	for _, g := range f.given {
		if err := scratch.Set(g.spec, g.value); err != nil {
			return usage(s, "-%s=%v", g.spec.Name, err) // the error begins with the value
		}
	}
	if f.stdout && f.format == formatJSON {
		return usage(s, "-stdout and -format=json both want standard output: leave one out")
	}
	if !slices.Contains(formats(), f.format) {
		return usage(s, "-format=%s is not a form: it is %s%s", f.format, strings.Join(formats(), ", "), didYouMean(f.format, formats()))
	}
	return nil
}

// packageFor says what to write for a word that is no package. It may mean all
// packages, a folder that is there, or a command that stands alone.
func (f *runFlags) packageFor(s streams, word string) string {
	switch {
	case word == "all":
		return "; all packages of this module are ./..."
	case isFolder(f.dir, word):
		return "; its folder is written ./" + word
	case slices.Contains(s.names(), word):
		return "; one run has one command"
	}
	return ": one is written as a folder or as an import path, such as ./..."
}

// parseFlags reads the flags of set, and tells what is wrong with them.
func parseFlags(s streams, set *flag.FlagSet, args []string) error {
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return errHelp
	}
	if err == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return usage(s, "unknown flag -%s%s", name, didYouMean("-"+name, flagNames(set)))
	}
	return usage(s, "%v", err)
}

// usage tells of wrong usage and returns errUsage.
func usage(s streams, format string, a ...any) error {
	s.errorf(format, a...)
	fmt.Fprintln(s.err, `Run "wsgen help" for usage.`)
	return errUsage
}

func flagNames(set *flag.FlagSet) []string {
	var names []string
	set.VisitAll(func(fl *flag.Flag) { names = append(names, "-"+fl.Name) })
	return names
}

// above sets what stands on the command line, in the place of what the file has.
func (f *runFlags) above(set *settings.Settings) error {
	seen := map[string]bool{}
	for _, g := range f.given {
		if g.spec.Many && !seen[g.spec.Name] {
			set.Forget(g.spec)
		}
		seen[g.spec.Name] = true
		if err := set.Set(g.spec, g.value); err != nil {
			return err
		}
	}
	return nil
}

// commandLine repeats the run that would write what check compared.
func (f *runFlags) commandLine() string {
	words := []string{"go tool wsgen"}
	if f.dir != "" {
		words = append(words, "-C="+f.dir)
	}
	for _, g := range f.given {
		word := "-" + g.spec.Name + "=" + g.value
		if strings.ContainsAny(word, " \t{}") { // as shells read them
			word = "'" + word + "'"
		}
		words = append(words, word)
	}
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

// The forms in which mistakes are printed.
const (
	formatText   = "text"
	formatJSON   = "json"
	formatGitHub = "github"
)

func formats() []string { return []string{formatText, formatJSON, formatGitHub} }

// isWord tells a command from a flag and from a package, which has a dot or a
// slash in all forms that name the user's own.
func isWord(arg string) bool {
	return arg != "" && arg[0] != '-' && !strings.ContainsAny(arg, `./\`)
}

// isFolder reports whether name is a folder in dir, or in the current one.
func isFolder(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.IsDir()
}
