package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cache"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// runner is a command that makes what a table has, and ends at once where there
// is nothing to do.
type runner struct {
	t     *testing.T
	dir   string
	table emit.Table
}

// run reports whether the run was a short one.
func (r runner) run() (short bool) {
	r.t.Helper()
	entry, err := cache.Open(cache.Query{Dir: r.dir, Root: r.dir, Generated: r.table.Names(), Outputs: r.table.Paths()})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, short := entry.Fresh(); short {
		return true
	}
	var kept output.Memory
	opts := pipeline.Options{Dir: r.dir, Wire: pipeline.WireOff, Artifacts: r.table}
	for _, sink := range []output.Sink{output.Disk{}, &kept} {
		result, err := pipeline.Run(r.t.Context(), opts, sink)
		if err != nil || len(result.Diagnostics) > 0 {
			r.t.Fatal(err, result.Diagnostics)
		}
	}
	files := map[string][]byte{}
	for _, f := range kept.Plan.Files {
		files[f.Path] = f.Data
	}
	if err := entry.Record(nil, files); err != nil {
		r.t.Fatal(err)
	}
	return false
}

// TestArtifactThatIsNotGo checks that an output needs nothing but a row of the
// table, whatever language it is in. Its file is written, told from others,
// and removed when nothing wants it any more. A run that finds it changed is no
// short one.
func TestArtifactThatIsNotGo(t *testing.T) {
	quietCache(t)
	root := t.TempDir()
	r := runner{t: t, dir: filepath.Join(root, "m")}
	project(t, r.dir, &txtar.Archive{Files: []txtar.File{{Name: "chat/chat.go", Data: []byte("package chat\n\n//ws:gateway /chat\ntype Chat struct{}\n\n//ws:subscribe say\nfunc (c *Chat) Say(text string) string { return text }\n")}}}, unpackStub(t))
	wanted := true
	const header = `  "x-wsgen": "made by wsgen",`
	events := emit.Artifact{Name: "events", File: "ws.events.json", Header: header}
	events.Emit = func(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
		return run.Each(ctx, a, func(*model.Package) bool { return wanted }, func(pkg *model.Package) ([]byte, error) {
			return []byte("{\n" + header + "\n  \"event\": \"" + pkg.Gateways[0].Handlers[0].Event + "\"\n}\n"), nil
		})
	}
	page := emit.Artifact{Name: "page", Scope: emit.PerApp, File: filepath.Join(root, "web", "live.gen.ts"), Header: "// made by wsgen"}
	page.Emit = func(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
		return run.ForApp(ctx, a, func(c *model.Contract) ([]byte, error) {
			return []byte("// made by wsgen\nexport const events = " + c.Gateways[0].Calls[0].Event + "\n"), nil
		})
	}
	r.table = append(pipeline.Artifacts(), events, page)
	if err := os.Mkdir(filepath.Dir(page.File), 0o777); err != nil {
		t.Fatal(err)
	}
	if r.run() || !r.run() {
		t.Fatal("the first run is not the only one that has something to do")
	}
	for path, want := range map[string]string{
		filepath.Join(r.dir, "chat", "ws.events.json"): "{\n" + header + "\n  \"event\": \"say\"\n}\n",
		page.File: "// made by wsgen\nexport const events = say\n",
	} {
		for name, change := range map[string]func() error{
			"edited":  func() error { return os.WriteFile(path, []byte(want+"by hand\n"), 0o666) },
			"removed": func() error { return os.Remove(path) },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if r.run() {
				t.Errorf("%s is %s, and a run says that there is nothing to do", path, name)
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != want {
				t.Errorf("%s was %s, and is now %q, %v", path, name, text, err)
			}
			if !r.run() {
				t.Errorf("%s: nothing changed, and a run is not short", path)
			}
		}
	}

	// Nothing wants it any more.
	wanted = false
	if err := os.WriteFile(filepath.Join(r.dir, "chat", "more.go"), []byte("package chat\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(r.dir, "chat", "ws.events.json")
	if r.run() || exists(orphan) {
		t.Error("what nothing wants any more is not removed")
	}
	// A file that has its name, but not its header, is somebody else's.
	if err := os.WriteFile(orphan, []byte("{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if r.run() || !exists(orphan) {
		t.Error("a file of somebody's was removed")
	}
	wanted = true
	result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: r.dir, Wire: pipeline.WireOff, Artifacts: r.table}, output.Disk{})
	if err != nil || len(result.Diagnostics) != 1 || result.Diagnostics[0].Pos.Filename != orphan {
		t.Error("a file of somebody's was replaced:", result.Diagnostics, err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// quietCache gives the test a cache of its own, and leaves the go command's
// where it is.
func quietCache(t *testing.T) {
	t.Helper()
	if os.Getenv("GOCACHE") == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("GOCACHE", filepath.Join(folder, "go-build"))
	}
	for _, name := range []string{"XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
}
