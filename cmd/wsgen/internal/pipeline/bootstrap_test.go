package pipeline_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// TestBootstrap runs each project of testdata/bootstrap with its generated
// files in every state that they can be in when wsgen runs. It generates the same
// each time. If the user has mistyped a type, it reports that and nothing else,
// whatever else the compiler does not find yet.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	projects, err := filepath.Glob("testdata/bootstrap/*.txtar")
	if err != nil || len(projects) != 3 {
		t.Fatalf("projects %v, %v", projects, err)
	}
	stub := unpackStub(t)
	for _, path := range projects {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			current := firstRun(t, archive, stub)
			for name, broken := range states() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					bootstrap(t, archive, stub, current, broken)
				})
			}
		})
	}
}

// state turns the file that wsgen would write today into package pkg into the one
// that is there instead; nil is no file.
type state func(pkg string, current []byte) []byte

// states are what a generated file can look like when wsgen runs.
func states() map[string]state {
	header := string(mark.Go) + "\n\n"
	cut := func(at float64) state {
		return func(_ string, current []byte) []byte { return current[:int(at*float64(len(current)))] }
	}
	text := func(format string) state {
		return func(pkg string, _ []byte) []byte { return []byte(strings.ReplaceAll(header+format, "PKG", pkg)) }
	}
	return map[string]state{
		"missing": func(string, []byte) []byte { return nil },
		"current": func(_ string, current []byte) []byte { return current },
		"empty":   func(string, []byte) []byte { return []byte{} },
		// The types and constructors of an older source: some have gone since,
		// some have other parameters, one has the name of a type the user added.
		"stale": text("package PKG\n\nvar _ func(*Removed, Message) = (*Removed).Handle\n\ntype ChatEndpoint struct{ Old int }\n\n" +
			"type Message struct{ Old bool }\n\nfunc NewChatEndpoint(a, b, c int) {}\n"),
		"stale import":   text("package PKG\n\nimport \"example.com/live/removed\"\n\nvar _ removed.Type\n"),
		"import cycle":   text("package PKG\n\nimport \"example.com/live/PKG\"\n\nvar _ PKG.Type\n"),
		"renamed":        text("package formerly\n\ntype ChatEndpoint struct{}\n"),
		"cut in a word":  cut(0.5),
		"cut in imports": cut(0.1),
		"conflict": func(_ string, current []byte) []byte {
			return fmt.Appendf(nil, "<<<<<<< HEAD\n%s=======\n%s>>>>>>> feature\n", current, bytes.ReplaceAll(current, []byte("Chat"), []byte("Talk")))
		},
		"conflict inside": func(_ string, current []byte) []byte {
			return bytes.Replace(current, []byte("\n\n"), []byte("\n<<<<<<< HEAD\n=======\nvar x int\n>>>>>>> feature\n\n"), 2)
		},
		"other version": text("package PKG\n\nimport ws \"github.com/wsgen/wsgen/runtime\"\n\nconst _ = ws.GeneratedV99\n\n" +
			"type ChatEndpoint struct{ *ws.Endpoint99 }\n\nvar WireSet = ws.Set99(NewChatEndpoint)\n"),
		"garbage": func(string, []byte) []byte { return []byte(header + "%PDF-1.4\x00 this is no Go\xff\n") },
		"zeros":   func(string, []byte) []byte { return make([]byte, 4096) },
	}
}

// firstRun generates from nothing, sees that the outcome builds, and returns
// it by path.
func firstRun(t *testing.T, archive *txtar.Archive, stub string) map[string]string {
	dir := t.TempDir()
	project(t, dir, archive, stub)
	files, said := generate(t, dir)
	if said != "" || len(files) == 0 {
		t.Fatalf("%d files, said:\n%s", len(files), said)
	}
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), []byte(text))
	}
	cmd := exec.Command("go", "vet", "-tags=wireinject", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", cmd, out, numbered(files))
	}
	return files
}

func bootstrap(t *testing.T, archive *txtar.Archive, stub string, current map[string]string, broken state) {
	dir := t.TempDir()
	project(t, dir, archive, stub)
	names := slices.Sorted(maps.Keys(current))
	// First one of the files, then all of them: a package is read for another
	// that imports it, and with its own files broken or not.
	for _, n := range []int{1, len(names)} {
		for i, name := range names {
			data := []byte(current[name])
			if i < n {
				data = broken(filepath.Base(filepath.Dir(name)), data)
			}
			writeFile(t, filepath.Join(dir, name), data)
			if data == nil {
				os.Remove(filepath.Join(dir, name))
			}
		}
		files, said := generate(t, dir)
		if said != "" {
			t.Errorf("%d of %d files in this state; said:\n%s", n, len(names), said)
		} else if !maps.Equal(files, current) {
			t.Errorf("%d of %d files in this state; generated:\n%s", n, len(names), numbered(files))
		}
	}

	mistype(t, dir, archive)
	if _, said := generate(t, dir); said != string(section(archive, "said")) {
		t.Errorf("with the mistyped names it says:\n%s\nwant:\n%s", said, section(archive, "said"))
	}
}

// project writes the user's files of an archive.
func project(t *testing.T, dir string, archive *txtar.Archive, stub string) {
	unpack(t, dir, archive, func(name string) bool { return strings.HasSuffix(name, ".go") })
	writeFile(t, filepath.Join(dir, "go.mod"), []byte(goMod(stub)))
}

// mistype makes the replacements that the archive lists: file: from -> to.
func mistype(t *testing.T, dir string, archive *txtar.Archive) {
	for line := range strings.Lines(string(section(archive, "mistype"))) {
		name, edit, _ := strings.Cut(strings.TrimSpace(line), ": ")
		from, to, ok := strings.Cut(edit, " -> ")
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil || !ok || bytes.Count(text, []byte(from)) != 1 {
			t.Fatalf("%s: does not stand there once: %v", line, err)
		}
		writeFile(t, path, bytes.Replace(text, []byte(from), []byte(to), 1))
	}
}

func section(archive *txtar.Archive, name string) []byte {
	for _, f := range archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// generate returns what wsgen would write, by path below dir, and one line
// for each thing it says.
func generate(t *testing.T, dir string, outputs ...pipeline.Output) (files map[string]string, said string) {
	t.Helper()
	var memory output.Memory
	result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: dir, Wire: pipeline.WireOn, Outputs: outputs}, &memory)
	if err != nil {
		return nil, err.Error()
	}
	var lines strings.Builder
	for _, d := range result.Diagnostics {
		fmt.Fprintf(&lines, "%s: %s [%s]\n", place(dir, d), d.Message, d.Code)
	}
	files = map[string]string{}
	for _, f := range memory.Plan.Files {
		files[filepath.ToSlash(output.Relative(dir, f.Path))] = string(f.Data)
	}
	return files, lines.String()
}

func place(dir string, d diag.Diagnostic) string {
	return fmt.Sprintf("%s:%d:%d", filepath.ToSlash(output.Relative(dir, d.Pos.Filename)), d.Pos.Line, d.Pos.Column)
}
