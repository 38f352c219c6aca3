package resolve_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

var update = flag.Bool("update", false, "write what the tests get into the testdata files")

// runtimeDir holds the stand-in runtime, in one place for all tests of a run,
// so that the go command compiles it once.
var runtimeDir string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "wsgen-resolve-")
	if err != nil {
		panic(err)
	}
	stub, err := txtar.ParseFile("../source/testdata/runtime.txtar")
	if err != nil {
		panic(err)
	}
	if err := write(dir, stub); err != nil {
		panic(err)
	}
	runtimeDir = filepath.Join(dir, "runtime")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// TestPrograms runs every testdata file: a module, and what comes of it. The
// section want is the model if there is no mistake, else what a user reads.
func TestPrograms(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			program(t, file)
		})
	}
}

func program(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	want := -1
	mod := []byte("module example.com/app\n\ngo 1.26.0\n\nrequire github.com/wsgen/wsgen v0.0.0\n\nreplace github.com/wsgen/wsgen => " + runtimeDir + "\n")
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o644); err != nil {
		t.Fatal(err)
	}
	for i, f := range a.Files {
		if f.Name == "want" {
			want = i
		}
	}
	if want < 0 {
		a.Files = append(a.Files, txtar.File{Name: "want"})
		want = len(a.Files) - 1
	}
	files := slices.Clone(a.Files[:want])
	for i := range files {
		files[i].Data = bytes.ReplaceAll(files[i].Data, []byte("$RUNTIME"), []byte(runtimeDir))
	}
	if err := write(dir, &txtar.Archive{Files: files}); err != nil {
		t.Fatal(err)
	}
	var (
		patterns []string
		opts     resolve.Options
	)
	for line := range strings.Lines(string(a.Comment)) {
		if args, ok := strings.CutPrefix(line, "patterns: "); ok {
			patterns = strings.Fields(args)
		}
		opts.RequirePosture = opts.RequirePosture || line == "posture: required\n"
	}
	got := run(t, dir, patterns, opts)
	if *update {
		a.Files[want].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(a.Files[want].Data) {
		t.Errorf("got:\n%s\nwant:\n%s", got, a.Files[want].Data)
	}
}

func run(t *testing.T, dir string, patterns []string, opts resolve.Options) string {
	t.Helper()
	p, list, err := source.Load(t.Context(), source.Options{Dir: dir, Patterns: patterns})
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), dir, "$DIR") + "\n"
	}
	if !list.HasErrors() {
		opts.Wire = p.UsesWire()
		m, more := resolve.Resolve(t.Context(), p, opts)
		if list = append(list, more...); !list.HasErrors() {
			return warnings(t, list, dir) + dump(m)
		}
	}
	return shown(t, list, dir)
}

// shown is what a user reads.
func shown(t *testing.T, list diag.List, dir string) string {
	t.Helper()
	var b bytes.Buffer
	if err := diag.Text(&b, list, diag.TextOptions{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), dir, "$DIR")
}

// warnings are shown above the model.
func warnings(t *testing.T, list diag.List, dir string) string {
	t.Helper()
	if len(list) == 0 {
		return ""
	}
	return shown(t, list, dir) + "\n"
}

func write(dir string, a *txtar.Archive) error {
	for _, f := range a.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// TestResolveStops checks that nothing more is looked at once the context has
// ended.
func TestResolveStops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	goMod(t, dir)
	if err := write(dir, &txtar.Archive{Files: []txtar.File{{
		Name: "chat/chat.go",
		Data: []byte("package chat\n\n//ws:gateway /chat\ntype Chat struct{}\n\n//ws:subscribe say\nfunc (c *Chat) Say(data any) int { return 0 }\n"),
	}}}); err != nil {
		t.Fatal(err)
	}
	p, list, err := source.Load(t.Context(), source.Options{Dir: dir})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	if _, list := resolve.Resolve(t.Context(), p, resolve.Options{}); len(list) != 1 {
		t.Errorf("%d mistakes", len(list))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, list := resolve.Resolve(ctx, p, resolve.Options{}); len(list) > 0 {
		t.Errorf("%d mistakes after the end", len(list))
	}
}
