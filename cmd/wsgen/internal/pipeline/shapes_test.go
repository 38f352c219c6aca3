package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// wanted begins the names of what an archive of testdata/shapes expects.
const wanted = "want."

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
	opts := pipeline.Options{Dir: dir, Wire: pipeline.WireOff}
	archives := map[string]*txtar.Archive{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		archives[name] = a
		unpack(t, filepath.Join(dir, name), a, func(name string) bool { return !strings.HasPrefix(name, wanted) })
		for setting, ending := range map[string]string{"jsonschema": ".schema.json"} {
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
		got := &txtar.Archive{Comment: a.Comment}
		for _, f := range a.Files {
			if !strings.HasPrefix(f.Name, wanted) {
				got.Files = append(got.Files, f)
			}
		}
		for _, f := range made.Plan.Files {
			if ending, ok := strings.CutPrefix(filepath.Base(f.Path), name+"."); ok && filepath.Base(filepath.Dir(f.Path)) == "out" {
				got.Files = append(got.Files, txtar.File{Name: wanted + ending, Data: f.Data})
			}
		}
		text := txtar.Format(got)
		file := filepath.Join("testdata", "shapes", name+".txtar")
		if *update {
			if err := os.WriteFile(file, text, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if before := txtar.Format(a); string(text) != string(before) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, text, before)
		}
	}
}
