package emit_test

import (
	"bytes"
	"context"
	"errors"
	"go/format"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// memory is an emit.Memory.
type memory struct {
	mu   sync.Mutex
	text map[string]string // by path and digest; guarded by mu
}

func (m *memory) Recall(path, digest string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok := m.text[path+digest]
	return []byte(text), ok
}

func (m *memory) Keep(path, digest string, text []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.text[path+digest] = string(text)
}

// TestEach checks that a package is written and formatted once for each of its
// models and files, and that the files have the order of the packages.
func TestEach(t *testing.T) {
	known := &memory{text: map[string]string{}}
	for step, c := range []struct {
		file   string
		edit   func(prog *model.Program)
		writes int
	}{
		{"a.go", func(*model.Program) {}, 2},
		{"a.go", func(*model.Program) {}, 0},
		{"b.go", func(*model.Program) {}, 2},
		{"a.go", func(prog *model.Program) { prog.Packages[2].Scope = []string{"x"} }, 1},
		{"a.go", func(prog *model.Program) { prog.Packages = prog.Packages[1:] }, 0},
	} {
		prog := &model.Program{Packages: []*model.Package{
			{Name: "one"}, {Name: "none"}, {Name: "two"},
		}}
		for _, pkg := range prog.Packages {
			pkg.Dir = pkg.Name
		}
		c.edit(prog)
		var (
			mu      sync.Mutex
			writes  int
			formats atomic.Int64
		)
		formatted := func(text []byte) ([]byte, error) {
			formats.Add(1)
			return format.Source(text)
		}
		files, err := emit.NewRun(prog, known).Each(t.Context(), emit.Artifact{File: c.file, Format: formatted},
			func(pkg *model.Package) bool { return pkg.Name != "none" },
			func(pkg *model.Package) ([]byte, error) {
				mu.Lock()
				defer mu.Unlock()
				writes++
				return []byte("package   " + pkg.Name), nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if writes != c.writes || formats.Load() != int64(c.writes) {
			t.Errorf("step %d: %d packages were written, and %d formatted, want %d", step, writes, formats.Load(), c.writes)
		}
		want := []string{"one", "two"}[2-min(2, len(prog.Packages)-1):]
		if len(files) != len(want) {
			t.Fatalf("step %d: %d files, want %d", step, len(files), len(want))
		}
		for i, name := range want {
			if f := files[i]; f.Path != filepath.Join(name, c.file) || string(f.Data) != "package "+name+"\n" {
				t.Errorf("step %d: file %d is %s: %q", step, i, f.Path, f.Data)
			}
		}
	}
}

func TestEachSaysWhatDoesNotParse(t *testing.T) {
	prog := &model.Program{Packages: []*model.Package{{Name: "p", Path: "example.com/p"}}}
	_, err := emit.NewRun(prog, nil).Each(t.Context(), emit.Artifact{File: "a.go", Format: format.Source}, func(*model.Package) bool { return true },
		func(*model.Package) ([]byte, error) { return []byte("package"), nil })
	if err == nil {
		t.Error("no error for what does not parse")
	}
}

// TestEachStops checks that no further package is written once the context has
// ended.
func TestEachStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	prog := &model.Program{}
	for range 1000 {
		prog.Packages = append(prog.Packages, &model.Package{Name: "p"})
	}
	var writes atomic.Int64
	files, err := emit.NewRun(prog, nil).Each(ctx, emit.Artifact{File: "a.go"}, func(*model.Package) bool { return true }, func(*model.Package) ([]byte, error) {
		writes.Add(1)
		cancel()
		return []byte("package p"), nil
	})
	if !errors.Is(err, context.Canceled) || files != nil || writes.Load() >= 1000 {
		t.Errorf("%d packages were written, error %v", writes.Load(), err)
	}
}

// tree is a contract with a type that holds itself.
func tree(name, member string) *model.Contract {
	def := &model.Def{Name: name}
	def.Shape = &model.Shape{Kind: model.ShapeObject, Fields: []*model.Member{
		{Name: member, Shape: &model.Shape{Kind: model.ShapeString}},
		{Name: "left", Shape: &model.Shape{Kind: model.ShapeRef, Def: def}},
	}}
	return &model.Contract{Defs: []*model.Def{def}}
}

// TestForApp checks that the file of an application is written once for each of
// its models, at its own path, and by its own format or none.
func TestForApp(t *testing.T) {
	known := &memory{text: map[string]string{}}
	upper := func(text []byte) ([]byte, error) { return bytes.ToUpper(text), nil }
	for step, c := range []struct {
		a      emit.Artifact
		edit   func(prog *model.Program)
		want   string
		writes int
	}{
		{emit.Artifact{File: "web/a.ts"}, func(*model.Program) {}, "Tree", 1},
		{emit.Artifact{File: "web/a.ts"}, func(*model.Program) {}, "Tree", 0},
		{emit.Artifact{File: "web/b.ts", Format: upper}, func(*model.Program) {}, "TREE", 1},
		{emit.Artifact{File: "web/a.ts"}, func(prog *model.Program) { prog.Packages[1].Scope = []string{"x"} }, "Tree", 0},
		{emit.Artifact{File: "web/a.ts"}, func(prog *model.Program) { prog.Contracts[0] = tree("Tree", "Value") }, "Tree", 1},
		{emit.Artifact{File: "web/a.ts"}, func(prog *model.Program) { prog.Contracts[0] = tree("Oak", "Value") }, "Oak", 1},
		{emit.Artifact{File: "web/a.ts", Wanted: emit.Wanted{Selection: model.Selection{Only: "/a"}}}, func(*model.Program) {}, "", 0},
		{emit.Artifact{File: "web/a.ts", Wanted: emit.Wanted{Selection: model.Selection{Only: "/a"}}}, func(prog *model.Program) {
			elm := tree("Elm", "value")
			elm.Only = "/a"
			prog.Contracts = append(prog.Contracts, elm)
		}, "Elm", 1},
	} {
		prog := &model.Program{Packages: []*model.Package{{Name: "one"}, {Name: "two"}}, Contracts: []*model.Contract{tree("Tree", "value")}}
		c.edit(prog)
		writes := 0
		files, err := emit.NewRun(prog, known).ForApp(t.Context(), c.a, func(contract *model.Contract) ([]byte, error) {
			writes++
			return []byte(contract.Defs[0].Name), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			if len(files) > 0 || writes > 0 {
				t.Errorf("step %d: a contract that the run does not have is written: %v", step, files)
			}
			continue
		}
		if len(files) != 1 || files[0].Path != c.a.File || string(files[0].Data) != c.want || writes != c.writes {
			t.Errorf("step %d: %d writes of %v, want %d of %s", step, writes, files, c.writes, c.want)
		}
	}
	prog := &model.Program{Contracts: []*model.Contract{tree("Tree", "value")}}
	failed := errors.New("no")
	if _, err := emit.NewRun(prog, nil).ForApp(t.Context(), emit.Artifact{}, func(*model.Contract) ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Error("what an emitter fails with is lost:", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if files, err := emit.NewRun(prog, nil).ForApp(ctx, emit.Artifact{}, func(*model.Contract) ([]byte, error) { return nil, nil }); !errors.Is(err, context.Canceled) {
		t.Error("a run that was ended has made", files)
	}
}
