package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// wanted begins the names of what an archive of testdata/shapes expects.
const wanted = "want."

// perApp are the settings that ask for a file of an application, with its ending.
func perApp() [][2]string {
	return [][2]string{{"asyncapi", ".asyncapi.json"}, {"client.ts", ".client.ts"}, {"client.js", ".client.js"}, {"jsonschema", ".schema.json"}}
}

// ownPart is a file without what is the same in every one, but that it is there, and
// whether that is for histories as well.
func ownPart(text []byte) []byte {
	const common, own = "// ==== wsgen's client: the same in every generated file ====\n", "\n// ==== What travels ====\n"
	i, j := bytes.Index(text, []byte(common)), bytes.Index(text, []byte(own))
	if i < 0 || j < i {
		return text
	}
	says := "// The common part.\n"
	if bytes.Contains(text[i:j], []byte("onRecovered(")) {
		says = "// The common part, with what is for histories.\n"
	}
	return slices.Concat(text[:i], []byte(says), text[j:])
}

// TestShapes runs every file of testdata/shapes, each with the types of one kind,
// from the user's source to every output that tells of a whole application. All are
// packages of one module.
func TestShapes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/shapes/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	dir := filepath.Join(t.TempDir(), "m")
	project(t, dir, &txtar.Archive{}, unpackStub(t))
	opts := pipeline.Options{Dir: dir, Wire: pipeline.WireOff, AsyncAPIVersion: "3.0.0"}
	archives := map[string]*txtar.Archive{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		archives[name] = a
		unpack(t, filepath.Join(dir, name), a, func(name string) bool { return !strings.HasPrefix(name, wanted) })
		for _, file := range perApp() {
			setting, ending := file[0], file[1]
			opts.Outputs = append(opts.Outputs, pipeline.Output{
				Setting: setting, File: filepath.Join(dir, "out", name+ending), Value: name + ending, Selection: model.Selection{Only: "/" + name},
			})
		}
	}
	var made output.Memory
	result, err := pipeline.Run(t.Context(), opts, &made)
	if err != nil || result.Diagnostics.HasErrors() {
		t.Fatal(err, result.Diagnostics)
	}
	for name, a := range archives {
		compare(t, filepath.Join("testdata", "shapes", name+".txtar"), a, made, name+".")
	}
	fromEmptyCache(t, opts)
}

// TestClients runs every file of testdata/clients, each a module, from the user's
// source to clients of all its gateways in TypeScript and JavaScript, and an AsyncAPI
// document.
func TestClients(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/clients/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	stub := unpackStub(t)
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "m")
		project(t, dir, &txtar.Archive{}, stub)
		unpack(t, filepath.Join(dir, "live"), a, func(name string) bool { return !strings.HasPrefix(name, wanted) })
		var made output.Memory
		opts := pipeline.Options{Dir: dir, Wire: pipeline.WireOff, AsyncAPIVersion: "3.0.0"}
		for _, setting := range []string{"asyncapi.json", "client.ts", "client.js"} {
			opts.Outputs = append(opts.Outputs, pipeline.Output{
				Setting: strings.TrimSuffix(setting, ".json"), File: filepath.Join(dir, "out", "live."+setting),
			})
		}
		result, err := pipeline.Run(t.Context(), opts, &made)
		if err != nil || result.Diagnostics.HasErrors() {
			t.Fatal(err, result.Diagnostics)
		}
		compare(t, file, a, made, "live.")
	}
}

// compare holds what was made in the folder out, in files whose names begin with
// prefix, to what an archive expects, or renews that.
func compare(t *testing.T, file string, a *txtar.Archive, made output.Memory, prefix string) {
	t.Helper()
	got := &txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		if !strings.HasPrefix(f.Name, wanted) {
			got.Files = append(got.Files, f)
		}
	}
	for _, f := range made.Plan.Files {
		if ending, ok := strings.CutPrefix(filepath.Base(f.Path), prefix); ok && filepath.Base(filepath.Dir(f.Path)) == "out" {
			got.Files = append(got.Files, txtar.File{Name: wanted + ending, Data: ownPart(f.Data)})
		}
	}
	text := txtar.Format(got)
	if *update {
		if err := os.WriteFile(file, text, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if before := txtar.Format(a); string(text) != string(before) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, text, before)
	}
}
