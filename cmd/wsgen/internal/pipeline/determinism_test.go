package pipeline_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
)

// TestSameFromLargeModule generates a module of a hundred packages, with pushes,
// guards, states, shared payloads and an application, with all outputs, at several
// places, with several numbers of processors: the bytes are the same. It changes GOMAXPROCS
// of the process, so it is not parallel.
func TestSameFromLargeModule(t *testing.T) {
	stub := unpackStub(t)
	module := large(100)
	places := map[string]string{"client.ts": "out/all.ts", "client.js": "out/all.js", "client.go": "allclient", "asyncapi": "out/document.json", "jsonschema": "out/bundle.json"}
	var first map[string]string
	for _, c := range []struct {
		dir     string
		procs   int
		written time.Time
	}{
		{"a", 1, time.Unix(1e9, 0)},
		{"a/much/longer/path/with spaces/and-ünïcode", 8, time.Now().Add(time.Hour)},
		{"b/vendor/testdata", runtime.NumCPU(), time.Unix(0, 0)},
	} {
		dir := filepath.Join(t.TempDir(), c.dir)
		project(t, dir, module, stub)
		for _, f := range module.Files {
			if err := os.Chtimes(filepath.Join(dir, f.Name), c.written, c.written); err != nil {
				t.Fatal(err)
			}
		}
		before := runtime.GOMAXPROCS(c.procs)
		var outputs []pipeline.Output // in whatever order a map has
		for setting, file := range places {
			outputs = append(outputs, pipeline.Output{Setting: setting, File: filepath.Join(dir, filepath.FromSlash(file))})
		}
		files, said := generate(t, dir, outputs...)
		runtime.GOMAXPROCS(before)
		switch {
		case said != "" || len(files) != 2*101+len(places):
			t.Fatalf("%d files, said:\n%s", len(files), said)
		case first == nil:
			first = files
		default:
			differ(t, c.dir, first, files)
		}
		elsewhere(t, files, dir)
	}
}

// large is a module of n gateways and an application that serves them.
func large(n int) *txtar.Archive {
	var a txtar.Archive
	add := func(name, format string, args ...any) {
		a.Files = append(a.Files, txtar.File{Name: name, Data: fmt.Appendf(nil, format, args...)})
	}
	add("app/app.go", "//ws:app\n//ws:guard Limits\npackage app\n\nimport ws %q\n\ntype Limits struct{}\n\n"+
		"func (Limits) GuardConn(u *ws.Upgrade) error { return nil }\n", "github.com/wsgen/wsgen/runtime")
	for i := range n {
		var b strings.Builder
		next := fmt.Sprintf("\t\"example.com/live/p%d\"\n", i+1)
		if i == n-1 { // the last one imports none of the others
			next = ""
		}
		fmt.Fprintf(&b, "package p%d\n\nimport (\n\t\"context\"\n\n%s\tws %q\n)\n", i, next, "github.com/wsgen/wsgen/runtime")
		fmt.Fprintf(&b, "\n//ws:gateway /p%d\n//ws:guard Second First\ntype Gateway struct{ Events Events }\n", i)
		for _, guard := range []string{"First", "Second"} {
			fmt.Fprintf(&b, "\ntype %[1]s struct{}\n\nfunc (%[1]s) GuardMessage(ctx context.Context, m ws.Message) error { return nil }\n", guard)
		}
		fmt.Fprintf(&b, "\n//ws:state\ntype Session struct{ N int }\n\n//ws:connect\nfunc (g *Gateway) In() *Session { return nil }\n")
		fmt.Fprintf(&b, "\n//ws:push\ntype Events interface {\n\t//ws:event said%d\n\tSaid(m Message) error\n\tGone(id int)\n}\n\ntype Message struct {\n\tText string `json:\"text\"`\n\tAt, N int\n}\n", i)
		for h := range 8 {
			fmt.Fprintf(&b, "\n//ws:subscribe event%[1]d\nfunc (g *Gateway) Event%[1]d(s *Session, m Message, n int) (map[string]Message, error) { return nil, nil }\n", h)
		}
		if next != "" {
			fmt.Fprintf(&b, "\n//ws:subscribe shared\nfunc (g *Gateway) Shared(m p%[1]d.Message) (p%[1]d.Message, error) { return m, nil }\n", i+1)
		}
		add(fmt.Sprintf("p%d/gateway.go", i), "%s", b.String())
	}
	return &a
}

// TestSameFromClones generates this repository's own gateways in two copies of
// it that have no generated file: both are what is committed, byte for byte. One of
// them has a build cache that has nothing.
func TestSameFromClones(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	for clone, environ := range map[string][]string{"x": os.Environ(), "deep/er/clone of it": append(os.Environ(), emptyCache(t))} {
		t.Run(clone, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), clone)
			committed := copyTree(t, root, dir)
			if len(committed) < 8 {
				t.Fatalf("only %d generated files", len(committed))
			}
			files := map[string]string{}
			for _, c := range []struct{ dir, pattern, work string }{
				{"examples/live", "./...", ""},
				{".", "./runtime/internal/fixture", ""},
				{".", "./runtime/internal/kinds", ""},
				{"chaos", "./internal/node", "off"}, // it, and those below, are in no workspace
				{"examples/behind", "./feed", "off"},
				{"runtime/metrics/prom/dashboard", "./internal/demo", "off"},
			} {
				var memory output.Memory
				// With -trimpath one clone uses what was compiled for another.
				env := append(slices.Clip(environ), "GOFLAGS=-trimpath", "GOWORK="+c.work)
				opts := pipeline.Options{Dir: filepath.Join(dir, c.dir), Patterns: []string{c.pattern}, Env: env}
				opts.Outputs, opts.AsyncAPIVersion = asked(t, filepath.Join(root, c.dir), opts.Dir)
				result, err := pipeline.Run(t.Context(), opts, &memory)
				if err != nil || result.Diagnostics.HasErrors() {
					t.Fatal(err, result.Diagnostics)
				}
				for _, f := range memory.Plan.Files {
					files[filepath.ToSlash(output.Relative(dir, f.Path))] = string(f.Data)
				}
			}
			differ(t, clone, committed, files)
			elsewhere(t, files, dir)
		})
	}
}

// asked are the outputs that the settings of a module ask for, in a copy of it, and of
// what documents are.
func asked(t *testing.T, module, dir string) (all []pipeline.Output, asyncAPI string) {
	t.Helper()
	s, list, err := settings.Load(module)
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	for _, o := range s.Outputs {
		all = append(all, pipeline.Output{
			Setting: o.Setting, File: filepath.Join(dir, filepath.FromSlash(o.Path)), Value: o.Value,
			Selection: model.Selection{App: o.From, Only: strings.Join(o.Only, " ")},
		})
	}
	return all, s.AsyncAPIVersion
}

// copyTree copies the sources of the repository, and returns the files among
// them that wsgen wrote instead of copying those.
func copyTree(t *testing.T, root, dir string) (generated map[string]string) {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-co", "--exclude-standard", "--", "*.go", "*go.mod", "*go.sum", "go.work", "go.work.sum",
		":!bench", ":!tools", ":!*_test.go", ":!*testdata*", "examples/live/web", "examples/live/clients", "examples/live/app/asyncapi.json")
	cmd.Dir = root
	list, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	generated = map[string]string{}
	for name := range strings.Lines(string(list)) {
		name = strings.TrimSuffix(name, "\n")
		data, err := os.ReadFile(filepath.Join(root, name))
		switch {
		case os.IsNotExist(err): // deleted, and not committed yet
		case err != nil:
			t.Fatal(err)
		case mark.Go.In(data), mark.JSON.In(data):
			generated[name] = string(data)
		default:
			writeFile(t, filepath.Join(dir, name), data)
		}
	}
	return generated
}

// differ reports files that are not the same in two outcomes.
func differ(t *testing.T, where string, want, got map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s is\n%s\nelsewhere it is\n%s", where, name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d files, elsewhere %d", where, len(got), len(want))
	}
}

// elsewhere reports files that name the folder they were generated in.
func elsewhere(t *testing.T, files map[string]string, dir string) {
	t.Helper()
	for name, text := range files {
		if strings.Contains(text, dir) || strings.Contains(text, filepath.ToSlash(dir)) {
			t.Errorf("%s names the folder %s", name, dir)
		}
	}
}
