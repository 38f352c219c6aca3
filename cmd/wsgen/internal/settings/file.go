package settings

import (
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// Load reads the settings of the module at root. Without a file it returns the
// defaults. Mistakes in the file are diagnostics. The error says that the file
// cannot be read.
//
// The file has a line "name = value" for each setting. Empty lines, and those
// that begin with #, say nothing.
func Load(root string) (Settings, diag.List, error) {
	s := Default()
	path := filepath.Join(root, File)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil, nil
	}
	if err != nil {
		return s, nil, fmt.Errorf("cannot read the settings: %w", err)
	}
	r := reader{path: path, settings: &s, seen: map[string]token.Position{}}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) { // as in a file of Go
		number++
		r.line(number, strings.TrimRight(line, "\r\n"))
	}
	return s, r.list.Sort(), nil
}

type reader struct {
	path     string
	settings *Settings
	seen     map[string]token.Position
	list     diag.List
}

// line reads one line of the file.
func (r *reader) line(number int, line string) {
	if text := strings.TrimSpace(line); text == "" || text[0] == '#' {
		return
	}
	key, value, ok := strings.Cut(line, "=")
	name := strings.TrimSpace(key)
	start := strings.Index(line, strings.TrimSpace(line))
	at, end := r.at(number, start), r.at(number, start+len(name))
	if !ok || name == "" {
		r.report(diag.Diagnostic{
			Code: diag.SettingsLine, Pos: at, End: r.at(number, len(strings.TrimRight(line, " \t"))),
			Message: "this line is no setting",
			Help:    asSetting(line),
		})
		return
	}
	spec, known := Lookup(name)
	if !known {
		help := "the settings are " + strings.Join(Names(), ", ")
		if near := directive.Closest(name, Names()); near != "" {
			help = diag.Meant(near)
		}
		r.report(diag.Diagnostic{
			Code: diag.UnknownSetting, Pos: at, End: end,
			Message: "there is no setting " + name, Help: help,
		})
		return
	}
	if first, again := r.seen[name]; again && !spec.Many {
		r.report(diag.Diagnostic{
			Code: diag.RepeatedSetting, Pos: at, End: end,
			Message: name + " is set twice", Help: "keep one of the two lines",
			Related: []diag.Related{{Pos: first, Message: "the other one"}},
		})
		return
	}
	r.seen[name] = at
	from := len(key) + 1 + len(value) - len(strings.TrimLeft(value, " \t"))
	pos, end := r.at(number, from), r.at(number, from+len(strings.TrimSpace(value)))
	if err := r.settings.Set(spec, strings.TrimSpace(value)); err != nil {
		r.report(diag.Diagnostic{
			Code: diag.BadSetting, Pos: pos, End: end,
			Message: "wrong value of " + name, Help: err.Error(),
		})
		return
	}
	r.settings.locate(spec, pos, end)
}

// asSetting is the help for a line without an equals sign: the setting that it
// is, if it has what one needs.
func asSetting(line string) string {
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == ':' })
	if len(words) == 2 {
		if spec, ok := Lookup(words[0]); ok && new(Settings).Set(spec, words[1]) == nil {
			return diag.Paste("write it as", words[0]+" = "+words[1])
		}
	}
	return "write a name, an equals sign and a value; a comment begins with #"
}

// at is a position; column counts bytes from 0.
func (r *reader) at(line, column int) token.Position {
	return token.Position{Filename: r.path, Line: line, Column: column + 1}
}

func (r *reader) report(d diag.Diagnostic) { r.list = append(r.list, d) }
