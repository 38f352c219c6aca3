package pipeline

import (
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/asyncapi"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/goclient"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/tsclient"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
)

// Output is a file that the user asked for and that tells of a whole application.
type Output struct {
	Setting         string // the name of the setting, which says what kind of file it is
	File            string // absolute; the folder of a Go client
	model.Selection        // the gateways it is about
	Value           string // what stands behind the setting, as it is written
	Pos, End        token.Position
}

// Form is what a type of another module is in JSON.
type Form = resolve.Form

// Table is what a run with these options makes.
func (opts Options) Table() emit.Table {
	table := Artifacts()
	for _, o := range opts.Outputs {
		var a emit.Artifact
		file := o.File
		switch o.Setting {
		case asyncapi.Name:
			a = asyncapi.Artifact(opts.AsyncAPIVersion)
		case jsonschema.Name:
			a = jsonschema.Artifact()
		case goclient.Name:
			a, file = goclient.Artifact(), filepath.Join(file, goclient.File)
		case tsclient.Name:
			a = tsclient.Artifact()
		case tsclient.ScriptName:
			a = tsclient.ScriptArtifact()
		default:
			continue // the settings have no other
		}
		a.File, a.Wanted = file, emit.Wanted{Selection: o.Selection, Value: o.Value, Pos: o.Pos, End: o.End}
		table = append(table, a)
	}
	return table
}

// wanted are the contracts that outputs want.
func wanted(outputs []emit.Artifact) (all []resolve.Wanted) {
	for _, a := range outputs {
		w := a.Wanted
		all = append(all, resolve.Wanted{Selection: w.Selection, Setting: a.Name, Value: w.Value, Pos: w.Pos, End: w.End})
	}
	return all
}

// twice reports outputs that are one file.
func twice(table emit.Table) (list diag.List) {
	apps := table.Apps()
	for i, a := range apps {
		first := slices.IndexFunc(apps, func(other emit.Artifact) bool { return other.File == a.File })
		if first == i {
			continue
		}
		message := a.Name + " and " + apps[first].Name + " both write "
		if apps[first].Name == a.Name {
			message = "two lines of " + a.Name + " write "
		}
		d := diag.Diagnostic{
			Code: diag.OneOutputTwice, Pos: a.Wanted.Pos, End: a.Wanted.End,
			Message: message + named(a), Help: "give one of them another file",
		}
		if apps[first].Wanted.Pos.Line > 0 {
			d.Related = []diag.Related{{Pos: apps[first].Wanted.Pos, Message: "the other one"}}
		}
		list = append(list, d)
	}
	return list
}

// occupied reports files at the places of outputs that wsgen did not write.
func occupied(table emit.Table, files []emit.File) (list diag.List) {
	for _, a := range table.Apps() {
		if !slices.ContainsFunc(files, func(f emit.File) bool { return f.Path == a.File }) {
			continue
		}
		what := inPlace(a)
		if what == "" {
			continue
		}
		list = append(list, diag.Diagnostic{
			Code: diag.OutputInTheWay, Pos: a.Wanted.Pos, End: a.Wanted.End,
			Message: named(a) + " is there, and " + what, Help: "remove it, or name another file",
		})
	}
	return list
}

// inPlace says what stands where a is to be written and must stay; "" is nothing.
func inPlace(a emit.Artifact) string {
	info, err := os.Lstat(a.File)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if info, err = os.Stat(a.File); err != nil {
			return "it is a link to nothing"
		}
	}
	switch {
	case err != nil:
		return "" // it is not there, or Put tells why it cannot be read
	case info.IsDir():
		return "it is a folder"
	case !info.Mode().IsRegular():
		return "it is no file"
	}
	text, err := os.ReadFile(a.File)
	if err == nil && !a.Header.In(text) {
		return "wsgen did not write it"
	}
	return ""
}

// named is the file of a as the user named it, or its base name.
func named(a emit.Artifact) string {
	if a.Wanted.Value == "" {
		return filepath.Base(a.File)
	}
	name := strings.Fields(a.Wanted.Value)[0]
	if a.Name == goclient.Name {
		return path.Join(name, goclient.File)
	}
	return name
}
