package source

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"
)

// survey is all that is asked of the go command in a run in which nothing is
// odd, by one call of it: each start of it costs as much as a hundred packages.
type survey struct {
	target  target
	exports map[string]*packages.Package
	asked   bool // the go command was, whatever it has answered
}

// question is the go command's template for a survey: a line for each fact, and
// below the line of a package those that belong to it. Packages of the standard
// library have their types only, if these are compiled, and the one that no module
// lacks tells what the go command builds for. %s is the path of the module, quoted.
const question = `{{if eq .ImportPath "unsafe"}}{{with context}}{{printf "context %%q %%q %%q %%q %%t %%t %%q %%q %%q" .GOROOT .GOOS .GOARCH .Compiler .CgoEnabled .UseAllFiles (join .BuildTags ",") (join .ToolTags ",") (join .ReleaseTags ",")}}{{end}}
{{with module %s}}{{printf "main %%t %%q" .Main .GoMod}}{{end}}
{{end}}{{if or .Error .Incomplete}}odd
{{end}}{{printf "package %%q %%q %%q %%q" .ImportPath .Name .Dir .Export}}
{{if not .Standard}}{{if .ImportMap}}odd
{{end}}{{end}}{{if not (and .Standard .Export)}}{{with .Module}}{{printf "module %%q %%q %%t %%q %%q" .Path .Dir .Main .GoVersion .Version}}
{{end}}{{range .GoFiles}}{{printf "file %%q" .}}
{{end}}{{range .CgoFiles}}{{printf "file %%q" .}}
{{end}}{{range .IgnoredGoFiles}}{{printf "ignored %%q" .}}
{{end}}{{range .SwigFiles}}{{printf "other %%q" .}}
{{end}}{{range .SwigCXXFiles}}{{printf "other %%q" .}}
{{end}}{{range .Imports}}{{printf "import %%q" .}}
{{end}}{{range $path, $is := .ImportMap}}{{printf "as %%q %%q" $path $is}}
{{end}}{{end}}`

// survey asks for the export data of paths and all they depend on, and what the
// go command builds for. have says whether it compiles for that. ok is false where
// anything is odd: mistakes in what is listed, a workspace, flags that bring in other
// files. Then all has to be asked one by one, by what knows how the go command tells
// of mistakes.
func (l lister) survey(m Module, paths []string, have having) (s survey, ok bool) {
	flags, ok := l.knownFlags()
	if !ok || len(paths) == 0 || m.Path == "std" || m.Path == "cmd" || l.driven() || l.inWorkspace() {
		return survey{}, false
	}
	length := 0
	for _, path := range paths {
		if length += len(path) + 1; length > 16<<10 || strings.ContainsAny(path, "=@") || strings.Contains(path, "...") {
			return survey{}, false // more than a command line takes, or a query
		}
	}
	args := []string{"list", "-e", string(have), "-find=false", "-test=false", "-compiled=false", "-deps", "-export", "-buildvcs=false", "-pgo=off", "-f", fmt.Sprintf(question, strconv.Quote(m.Path))}
	if len(l.tags) > 0 {
		args = append(args, "-tags="+strings.Join(l.tags, ","))
	}
	cmd := l.command(append(append(args, "--", "unsafe"), paths...)...)
	cmd.Env = append(l.environment(), "PWD="+l.dir)
	// What compiles for it is to be told as well, and to clean up behind itself.
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err == nil {
			return nil
		}
		return cmd.Process.Kill() // Windows knows no such signal
	}
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout = &out // and nothing has the commands that -n prints
	s = survey{target: defaultTarget(nil), exports: make(map[string]*packages.Package, 300), asked: true}
	s.target.flags = flags
	if err := cmd.Run(); err != nil || !s.read(m, out.Bytes()) {
		return s, false
	}
	return s, have == cached || whole(s.exports, true)
}

// read fills in what the go command has answered; ok is false if it is not what
// the go command answers where nothing is odd.
func (s *survey) read(m Module, answer []byte) (ok bool) {
	var goroot, goMod string
	var p *packages.Package
	known, main := false, false
	for line := range bytes.Lines(answer) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		a := answerLine{rest, true}
		switch {
		case kind == "context":
			t := &s.target
			t.GOROOT, t.GOPATH, t.Dir = "", "", ""
			goroot, t.GOOS, t.GOARCH, t.Compiler = a.text(), a.text(), a.text(), a.text()
			t.CgoEnabled, t.UseAllFiles = a.yes(), a.yes()
			t.BuildTags, t.ToolTags, t.ReleaseTags = words(a.text()), words(a.text()), words(a.text())
			known = true
		case kind == "main":
			main, goMod = a.yes(), a.text()
		case kind == "package":
			p = &packages.Package{Imports: map[string]*packages.Package{}}
			p.PkgPath, p.Name, p.Dir, p.ExportFile = a.text(), a.text(), a.text(), a.text()
			p.ID = p.PkgPath
			if s.exports[p.PkgPath] != nil || !filepath.IsAbs(p.Dir) {
				return false
			}
			if !filepath.IsAbs(p.ExportFile) {
				p.ExportFile = "" // it is where a build would write it
			}
			s.exports[p.PkgPath] = p
		case kind == "" && a.rest == "":
		case p == nil:
			return false
		case kind == "module":
			p.Module = &packages.Module{Path: a.text(), Dir: a.text(), Main: a.yes(), GoVersion: a.text(), Version: a.text()}
		case kind == "file":
			p.GoFiles = append(p.GoFiles, filepath.Join(p.Dir, a.text()))
		case kind == "ignored":
			p.IgnoredFiles = append(p.IgnoredFiles, filepath.Join(p.Dir, a.text()))
		case kind == "other":
			p.OtherFiles = append(p.OtherFiles, filepath.Join(p.Dir, a.text()))
		case kind == "import":
			if path := a.text(); path != "C" {
				// Dependencies are listed first. Those of a compiled package of the
				// standard library are compiled, too, and are not followed.
				if p.Imports[path] = s.exports[path]; p.Imports[path] == nil {
					return false
				}
			}
		case kind == "as": // an import line has another path
			path, is := a.text(), a.text()
			if p.Imports[path] = p.Imports[is]; p.Imports[path] == nil {
				return false
			}
			delete(p.Imports, is)
		default:
			return false
		}
		if !a.good {
			return false
		}
	}
	s.target.sure = true
	return known && main && goMod == filepath.Join(m.Dir, "go.mod") && !mentionsFlags(goroot)
}

// answerLine is what is left to read of a line.
type answerLine struct {
	rest string
	good bool // so far it has had what was read of it
}

// text is the next word, which is quoted.
func (a *answerLine) text() string {
	a.rest = strings.TrimPrefix(a.rest, " ")
	quoted, err := strconv.QuotedPrefix(a.rest)
	if err != nil {
		a.good = false
		return ""
	}
	a.rest = a.rest[len(quoted):]
	text, err := strconv.Unquote(quoted)
	a.good = a.good && err == nil
	return text
}

// yes reports whether the next word is true, and not false.
func (a *answerLine) yes() bool {
	var word string
	word, a.rest, _ = strings.Cut(strings.TrimPrefix(a.rest, " "), " ")
	a.good = a.good && (word == "true" || word == "false")
	return word == "true"
}

// knownFlags are the flags that the go command has from its environment, and
// whether it is sure that it has those, and that they bring in nothing from
// elsewhere. What the environment does not say may be in the file of go env -w.
func (l lister) knownFlags() (flags string, ok bool) {
	stored, ok := l.stored()
	if !ok || stored["GOWORK"] != "" {
		return "", false
	}
	flags = cmp.Or(l.getenv("GOFLAGS"), stored["GOFLAGS"])
	return flags, usualFlags(flags)
}

// stored is what go env -w has written, as the go command reads it; ok is false
// if it may read another file.
func (l lister) stored() (settings map[string]string, ok bool) {
	file := l.getenv("GOENV")
	if file == "off" {
		return nil, true
	}
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil || slices.ContainsFunc([]string{"HOME", "XDG_CONFIG_HOME", "AppData", "home"}, func(name string) bool {
			return l.getenv(name) != os.Getenv(name)
		}) {
			return nil, false
		}
		file = filepath.Join(dir, "go", "env")
	}
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) || !filepath.IsAbs(file) {
		return nil, false
	}
	settings = map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if found && 'A' <= line[0] && line[0] <= 'Z' {
			settings[name] = value
		}
	}
	return settings, true
}

// mentionsFlags reports whether the settings that come with Go may say with
// which flags it works, or in which workspace. They hardly do.
func mentionsFlags(goroot string) bool {
	text, err := os.ReadFile(filepath.Join(goroot, "go.env"))
	if os.IsNotExist(err) {
		return false
	}
	return err != nil || bytes.Contains(text, []byte("GOFLAGS")) || bytes.Contains(text, []byte("GOWORK"))
}

// inWorkspace reports whether there may be a workspace.
func (l lister) inWorkspace() bool {
	switch l.getenv("GOWORK") {
	case "off":
		return false
	case "", "auto":
	default:
		return true
	}
	for dir := l.dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, "go.work")); !os.IsNotExist(err) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}
