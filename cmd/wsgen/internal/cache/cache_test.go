package cache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cache"
)

// place is a module with everything around it that decides a run.
type place struct {
	t    *testing.T
	root string // holds all of it
	q    cache.Query
}

// files are those of a place. The module is what stands below m.
func files() map[string]string {
	return map[string]string{
		"m/go.mod":                  "module example.com/m\n\nignore ./ignored\n\nignore (\n\t./ignored2\n)\n\nreplace example.com/other => ../other\n",
		"m/go.sum":                  "",
		"m/wsgen.conf":              "wire = off\n",
		"m/chat/chat.go":            "package chat\n",
		"m/chat/chat_test.go":       "package chat\n",
		"m/chat/chat_linux.s":       "",
		"m/chat/ws_gen.go":          "generated",
		"m/testdata/x/x.go":         "package x\n",
		"m/vendor/modules.txt":      "",
		"m/vendor/v/v.go":           "package v\n",
		"m/README.md":               "hello\n",
		"m/nested/go.mod":           "module example.com/nested\n",
		"m/nested/n.go":             "package nested\n",
		"m/.hidden/h.go":            "package h\n",
		"m/node_modules/n/n.go":     "package n\n",
		"m/ignored2/i.go":           "package i\n",
		"m/ignored/i.go":            "package i\n",
		"m/odd/go.mod/x.go":         "package x\n",
		"m/odd/o.go":                "package o\n",
		"other/go.mod":              "module example.com/other\n",
		"other/dto/dto.go":          "package dto\n",
		"other/node_modules/n/n.go": "package n\n",
		"other/dto/ws_gen.go":       "package dto\n",
		"member/go.mod":             "module example.com/member\n",
		"member/p/p.go":             "package p\n",
		"linked/l.go":               "package linked\n",
		"linked/file.txt":           "package chat\n",
		"go.work":                   "go 1.26.0\n\nuse (\n\t./m\n\t\"./member\"\n)\n",
		"env":                       "GOPRIVATE=example.com\n",
		"goroot/VERSION":            "go1.26.0\n",
		"goroot/bin/go":             "#!/bin/sh\n",
	}
}

func newPlace(t *testing.T) *place {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, root: root}
	for name, text := range files() {
		p.write(name, text)
	}
	if err := os.Chmod(p.path("goroot/bin/go"), 0o777); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"m/link": "linked", "m/chat/file.go": "linked/file.txt"} {
		if err := os.Symlink(p.path(to), p.path(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"XDG_CACHE_HOME", "LocalAppData", "HOME"} {
		t.Setenv(name, p.path(".cache"))
	}
	t.Setenv("PATH", p.path("goroot/bin"))
	t.Setenv("GOENV", p.path("env"))
	for _, name := range []string{"GOWORK", "GOFLAGS", "GOTOOLCHAIN", "GOROOT", "GOPACKAGESDRIVER", "GOFILE"} {
		t.Setenv(name, "")
	}
	p.q = cache.Query{
		Dir: p.path("m"), Root: p.path("m"), Asked: []string{"wire=auto", "./..."},
		Generated: []string{"ws_gen.go"},
		Ignored:   func(dir string) bool { return dir == p.path("m/ignored") || dir == p.path("m/ignored2") },
	}
	return p
}

func (p *place) path(name string) string { return filepath.Join(p.root, filepath.FromSlash(name)) }

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) open() *cache.Entry {
	p.t.Helper()
	e, err := cache.Open(p.q)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// run stands for a run of wsgen that ended well.
func (p *place) run() {
	p.t.Helper()
	if err := p.open().Record([]byte(`{"n":1}`), map[string][]byte{p.path("m/chat/ws_gen.go"): []byte("generated")}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) fresh() bool {
	p.t.Helper()
	_, ok := p.open().Fresh()
	return ok
}

// TestLongFile checks that a file counts to its last byte, however long it is.
func TestLongFile(t *testing.T) {
	for _, size := range []int{1<<16 - 1, 1 << 16, 1<<16 + 1, 3 << 16, 1 << 20} {
		p := newPlace(t)
		text := strings.Repeat("/", size-1)
		p.write("m/chat/long.go", text+"a")
		p.run()
		if !p.fresh() {
			t.Errorf("%d bytes: it runs again", size)
		}
		p.write("m/chat/long.go", text+"b")
		if p.fresh() {
			t.Errorf("%d bytes: the last one does not count", size)
		}
	}
}

// The entry of a run over files that had just been written is renewed by the
// first short run for which they have settled.
func TestSettledLater(t *testing.T) {
	p := newPlace(t)
	remembered := func() int {
		folder, err := cache.Folder()
		if err != nil {
			t.Fatal(err)
		}
		entries, err := filepath.Glob(filepath.Join(folder, "runs", "*.json"))
		if err != nil || len(entries) != 1 {
			t.Fatal(entries, err)
		}
		text, err := os.ReadFile(entries[0])
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	p.run()
	if !p.fresh() {
		t.Error("the run is not short")
	}
	young := remembered()
	p.settle()
	for range 2 { // the first remembers what is known now
		if !p.fresh() {
			t.Error("the run is not short")
		}
	}
	if settled := remembered(); settled <= young && knowsChanges() {
		t.Errorf("of files that were written a moment ago as much is known as later: %d and %d bytes", young, settled)
	}
	p.tick()
	p.write("m/chat/chat.go", "package chaT\n")
	if p.fresh() {
		t.Error("the change goes unseen")
	}
}

func TestNothingChanged(t *testing.T) {
	p := newPlace(t)
	if p.fresh() {
		t.Fatal("fresh before the first run")
	}
	p.run()
	note, ok := p.open().Fresh()
	if !ok || string(note) != `{"n":1}` {
		t.Fatalf("note %s, fresh %v", note, ok)
	}
}

// TestWhatMakesItRun checks that wsgen runs after every change that may change
// what it writes.
func TestWhatMakesItRun(t *testing.T) {
	for name, edit := range map[string]func(p *place){
		"a source file":                func(p *place) { p.write("m/chat/chat.go", "package chat\n\n") },
		"a source file, as long":       func(p *place) { p.write("m/chat/chat.go", "package chaT\n") },
		"a new source file":            func(p *place) { p.write("m/chat/more.go", "package chat\n") },
		"a new package":                func(p *place) { p.write("m/rooms/rooms.go", "package rooms\n") },
		"a source file renamed":        func(p *place) { p.rename("m/chat/chat.go", "m/chat/chat_linux.go") },
		"a source file removed":        func(p *place) { p.remove("m/chat/chat.go") },
		"a test":                       func(p *place) { p.write("m/chat/chat_test.go", "package chat\n//ws:gateway\n") },
		"assembly":                     func(p *place) { p.write("m/chat/chat_linux.s", "x") },
		"a package in testdata":        func(p *place) { p.write("m/testdata/x/x.go", "package x\n\n") },
		"a vendored package":           func(p *place) { p.write("m/vendor/v/v.go", "package v\n\n") },
		"vendor/modules.txt":           func(p *place) { p.write("m/vendor/modules.txt", "x") },
		"node_modules":                 func(p *place) { p.write("m/node_modules/n/n.go", "package n\n\n") },
		"go.mod is a folder":           func(p *place) { p.write("m/odd/o.go", "package o\n\n") },
		"a file that Go passes over":   func(p *place) { p.write("m/chat/_c.go", "package c\n") },
		"a hidden one":                 func(p *place) { p.write("m/chat/.c.go", "package c\n") },
		"a linked file":                func(p *place) { p.write("linked/file.txt", "package chat\n\n") },
		"a linked folder":              func(p *place) { p.write("linked/l.go", "package linked\n\n") },
		"go.mod":                       func(p *place) { p.write("m/go.mod", files()["m/go.mod"]+"\n") },
		"go.sum":                       func(p *place) { p.write("m/go.sum", "\n") },
		"the settings":                 func(p *place) { p.write("m/wsgen.conf", "wire = on\n") },
		"go.work":                      func(p *place) { p.write("go.work", files()["go.work"]+"\n") },
		"go.work.sum appears":          func(p *place) { p.write("go.work.sum", "") },
		"go.work, nearer":              func(p *place) { p.write("m/go.work", "go 1.26.0\n") },
		"a replaced module":            func(p *place) { p.write("other/dto/dto.go", "package dto\n\n") },
		"what is generated there":      func(p *place) { p.write("other/dto/ws_gen.go", "package dto\n\n") },
		"a replaced module is gone":    func(p *place) { p.remove("other") },
		"a module of the workspace":    func(p *place) { p.write("member/p/p.go", "package p\n\n") },
		"its go.mod":                   func(p *place) { p.write("member/go.mod", "module example.com/member\n\n") },
		"an output edited":             func(p *place) { p.write("m/chat/ws_gen.go", "edited") },
		"an output removed":            func(p *place) { p.remove("m/chat/ws_gen.go") },
		"an orphan appears":            func(p *place) { p.write("m/rooms/ws_gen.go", "generated") },
		"the module becomes nested":    func(p *place) { p.write("m/chat/go.mod", "module example.com/chat\n") },
		"another pattern":              func(p *place) { p.q.Asked = []string{"wire=auto", "./chat"} },
		"another folder":               func(p *place) { p.q.Dir = p.path("m/chat") },
		"GOFLAGS":                      func(p *place) { p.t.Setenv("GOFLAGS", "-tags=x") },
		"GOOS":                         func(p *place) { p.t.Setenv("GOOS", "plan9") },
		"GOWORK":                       func(p *place) { p.t.Setenv("GOWORK", "off") },
		"GOEXPERIMENT":                 func(p *place) { p.t.Setenv("GOEXPERIMENT", "jsonv2") },
		"CGO_ENABLED":                  func(p *place) { p.t.Setenv("CGO_ENABLED", "0") },
		"go env -w":                    func(p *place) { p.write("env", "GOFLAGS=-tags=x\n") },
		"another Go":                   func(p *place) { p.write("goroot/VERSION", "go1.26.1\n") },
		"another go command":           func(p *place) { p.write("goroot/bin/go", "#!/bin/bash\n") },
		"defaults of the distribution": func(p *place) { p.write("goroot/go.env", "GOTOOLCHAIN=local\n") },
	} {
		for _, how := range []string{"just written", "settled"} {
			t.Run(name+", "+how, func(t *testing.T) {
				p := newPlace(t)
				if how == "settled" {
					p.settle()
				}
				p.run()
				if !p.fresh() {
					t.Fatal("not fresh before the change")
				}
				p.tick()
				edit(p)
				if p.fresh() {
					t.Error("the change goes unseen")
				}
			})
		}
	}
}

// knowsChanges reports whether the system has a time of the last change that no
// program sets.
func knowsChanges() bool { return runtime.GOOS == "linux" || runtime.GOOS == "darwin" }

// settle lets time pass: what is on disk has not changed for long, and nobody
// knows that better than the file system.
func (p *place) settle() {
	p.q.Now = func() time.Time { return time.Now().Add(time.Minute) }
}

// tick waits until the file system gives another time to what is written.
func (p *place) tick() {
	p.t.Helper()
	written := func() time.Time {
		p.write("tick", "")
		info, err := os.Stat(p.path("tick"))
		if err != nil {
			p.t.Fatal(err)
		}
		return info.ModTime()
	}
	for first, begun := written(), time.Now(); !written().After(first); {
		if time.Since(begun) > 10*time.Second {
			p.t.Fatal("the clock of the file system stands still")
		}
	}
}

func (p *place) rename(from, to string) {
	if err := os.Rename(p.path(from), p.path(to)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) remove(name string) {
	if err := os.RemoveAll(p.path(name)); err != nil {
		p.t.Fatal(err)
	}
}

// TestWhatDoesNotMakeItRun checks that a change which decides nothing leaves the
// entry fresh.
func TestWhatDoesNotMakeItRun(t *testing.T) {
	for name, edit := range map[string]func(p *place){
		"a text":                  func(p *place) { p.write("m/README.md", "bye\n") },
		"an ignored folder":       func(p *place) { p.write("m/ignored/i.go", "package i\n\n") },
		"one of a list":           func(p *place) { p.write("m/ignored2/i.go", "package i\n\n") },
		"another's node_modules":  func(p *place) { p.write("other/node_modules/n/n.go", "package n\n\n") },
		"a nested module":         func(p *place) { p.write("m/nested/n.go", "package nested\n\n") },
		"a hidden folder":         func(p *place) { p.write("m/.hidden/h.go", "package h\n\n") },
		"a file written again":    func(p *place) { p.write("m/chat/chat.go", "package chat\n") },
		"where go generate is":    func(p *place) { p.t.Setenv("GOFILE", "generate.go") },
		"an unrelated variable":   func(p *place) { p.t.Setenv("EDITOR", "ed") },
		"another module's folder": func(p *place) { p.write("stranger/s.go", "package s\n") },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.run()
			edit(p)
			if !p.fresh() {
				t.Error("the run is not short")
			}
		})
	}
}

// TestWhatCannotBeRemembered checks that nothing is remembered of a run if wsgen
// cannot tell which files it reads.
func TestWhatCannotBeRemembered(t *testing.T) {
	for name, doubt := range map[string]func(p *place){
		"an overlay":              func(p *place) { p.t.Setenv("GOFLAGS", "-tags=x -overlay=o.json") },
		"another go.mod":          func(p *place) { p.t.Setenv("GOFLAGS", "--modfile=other.mod") },
		"a tool around compilers": func(p *place) { p.write("env", "GOFLAGS=-toolexec=x\n") },
		"a driver":                func(p *place) { p.t.Setenv("GOPACKAGESDRIVER", "bazel") },
		"a driver in PATH": func(p *place) {
			p.write("goroot/bin/gopackagesdriver", "#!/bin/sh\n")
			_ = os.Chmod(p.path("goroot/bin/gopackagesdriver"), 0o777)
		},
		"a Go that changes":  func(p *place) { p.write("goroot/VERSION", "devel go1.27-abc\n") },
		"no Go":              func(p *place) { p.remove("goroot/bin/go") },
		"a Go from PATH":     func(p *place) { p.t.Setenv("GOTOOLCHAIN", "go1.27.0+path") },
		"a GOROOT elsewhere": func(p *place) { p.t.Setenv("GOROOT", p.path("nowhere")) },
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.HasSuffix(name, "PATH") {
				return // no executable without an ending there
			}
			p := newPlace(t)
			doubt(p)
			if _, err := cache.Open(p.q); err == nil {
				t.Error("it is remembered")
			}
		})
	}
}

// TestChangesDuringTheRun checks that a run is not remembered if an input changed
// meanwhile, even if the change was taken back: the run may have read either
// state.
func TestChangesDuringTheRun(t *testing.T) {
	output := func(p *place) map[string][]byte {
		return map[string][]byte{p.path("m/chat/ws_gen.go"): []byte("generated")}
	}
	for name, edit := range map[string]func(p *place){
		"an input":          func(p *place) { p.write("m/chat/chat.go", "package chat // new\n") },
		"an output":         func(p *place) { p.write("m/chat/ws_gen.go", "by hand") },
		"an output is gone": func(p *place) { p.remove("m/chat/ws_gen.go") },
		"an input, taken back": func(p *place) {
			p.write("m/chat/chat.go", "package chat // new\n")
			p.write("m/chat/chat.go", "package chat\n")
			later := time.Now().Add(time.Minute)
			if err := os.Chtimes(p.path("m/chat/chat.go"), later, later); err != nil {
				p.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			e := p.open()
			edit(p)
			if err := e.Record(nil, output(p)); err == nil {
				t.Error("the run is remembered")
			}
			if p.fresh() {
				t.Error("the next run is short")
			}
		})
	}
}

// TestRememberedAlready checks that a run which found again what is remembered leaves
// that as it is, whatever has changed since it began, and that one which found
// anything else does not.
func TestRememberedAlready(t *testing.T) {
	const note = `{"n":1}`
	for name, c := range map[string]struct {
		note, text string
		ok         bool
	}{
		"the same":       {note, "generated", true},
		"another note":   {`{"n":2}`, "generated", false},
		"another output": {note, "generated anew", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.settle()
			p.run()
			e := p.open()
			p.write("m/chat/chat.go", "package chat // new\n")
			err := e.Record([]byte(c.note), map[string][]byte{p.path("m/chat/ws_gen.go"): []byte(c.text)})
			if (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
			if p.fresh() {
				t.Error("the change goes unseen")
			}
			p.write("m/chat/chat.go", "package chat\n")
			if !p.fresh() {
				t.Error("the run before is forgotten")
			}
		})
	}
}

// TestLinkedRoot checks that a module whose root is a link is looked at like any
// other.
func TestLinkedRoot(t *testing.T) {
	p := newPlace(t)
	if err := os.Symlink(p.q.Root, p.path("alias")); err != nil {
		t.Fatal(err)
	}
	p.q.Dir, p.q.Root = p.path("alias"), p.path("alias")
	if err := p.open().Record(nil, nil); err != nil {
		t.Fatal(err)
	}
	if !p.fresh() {
		t.Error("the second run is not short")
	}
	p.write("m/chat/chat.go", "package chat\n\n")
	if p.fresh() {
		t.Error("a change goes unseen")
	}
}

// TestFirstRun checks that Record accepts an output that was first written after
// Open.
func TestFirstRun(t *testing.T) {
	p := newPlace(t)
	p.remove("m/chat/ws_gen.go")
	e := p.open()
	p.write("m/chat/ws_gen.go", "generated")
	if err := e.Record(nil, map[string][]byte{p.path("m/chat/ws_gen.go"): []byte("generated")}); err != nil {
		t.Fatal(err)
	}
	if !p.fresh() {
		t.Error("the second run is not short")
	}
}

// TestOldEntriesGo checks that entries do not pile up if nobody renews them.
func TestOldEntriesGo(t *testing.T) {
	p := newPlace(t)
	p.run()
	folder, err := cache.Folder()
	if err != nil {
		t.Fatal(err)
	}
	old, err := filepath.Glob(filepath.Join(folder, "runs", "*.json"))
	if err != nil || len(old) != 1 {
		t.Fatalf("%v, %v", old, err)
	}
	past := time.Now().AddDate(0, -2, 0)
	if err := os.Chtimes(old[0], past, past); err != nil {
		t.Fatal(err)
	}
	p.q.Asked = []string{"./chat"}
	p.run()
	if _, err := os.Stat(old[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", old[0], err)
	}
	if !p.fresh() {
		t.Error("the new one is gone too")
	}
}

func TestLockKeepsOthersOut(t *testing.T) {
	p := newPlace(t)
	unlock, err := cache.Lock(t.Context(), p.q.Root)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := cache.Lock(t.Context(), p.path("other"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cache.Lock(ctx, p.q.Root); !errors.Is(err, context.Canceled) {
		t.Errorf("the second lock: %v, want it to wait until its context ends", err)
	}
	if err := os.Symlink(p.q.Root, p.path("alias")); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Lock(ctx, p.path("alias")); !errors.Is(err, context.Canceled) {
		t.Errorf("the module by another name: %v, want it to wait, too", err)
	}
	got := make(chan error)
	go func() {
		unlock, err := cache.Lock(t.Context(), p.q.Root)
		if err == nil {
			unlock()
		}
		got <- err
	}()
	unlock()
	if err := <-got; err != nil {
		t.Errorf("after unlock: %v", err)
	}
}
