package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSettle checks that changes which follow each other closely are one, and that
// a stream of them without end is cut.
func TestSettle(t *testing.T) {
	for name, tc := range map[string]struct {
		every time.Duration
		count int
		took  time.Duration
	}{
		"one file":      {0, 0, Quiet},
		"several files": {Quiet / 2, 4, 4*(Quiet/2) + Quiet},
		"without end":   {Quiet / 2, 1000, Most},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				files := make(chan string)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					for range tc.count {
						select {
						case <-time.After(tc.every):
							select {
							case files <- "x.go":
							case <-ctx.Done():
							}
						case <-ctx.Done():
						}
					}
				}()
				begun := time.Now()
				if err := settle(ctx, files); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begun); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
			})
		})
	}
}

func TestSettleEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := settle(ctx, make(chan string)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestWatch checks with real files that a change of a file that counts is seen,
// also in new folders, and no other change is.
func TestWatch(t *testing.T) {
	root := t.TempDir()
	write := func(name string) {
		t.Helper()
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(time.Now().String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("chat/chat.go")
	write(".git/index.go")
	w, err := New([]string{root},
		func(name string) bool { return strings.HasSuffix(name, ".go") },
		func(name string) bool { return name[0] == '.' })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	wait := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	write("chat/chat.go")
	wait()
	write("rooms/deep/rooms.go")
	wait()
	write("rooms/deep/rooms.go")
	wait()

	// Files that do not count come first, and Wait must not see them.
	write("chat/notes.txt")
	write(".git/index.go")
	write("chat/last.go")
	late := time.After(time.Minute)
	for name := ""; name != "last.go"; {
		select {
		case path := <-w.files:
			if name = filepath.Base(path); name == "notes.txt" || name == "index.go" {
				t.Errorf("%s counts", path)
			}
		case <-late:
			t.Fatal("last.go goes unseen")
		}
	}
}

// TestWatchLinks checks that a root may be a link, and so may a file: the files at
// its end are watched, too.
func TestWatchLinks(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(time.Now().String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, from string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	write("real/chat/chat.go")
	write("elsewhere/first.txt")
	write("elsewhere/second.txt")
	link("real", "root")
	link("../../elsewhere/first.txt", "real/chat/first.go")
	w, err := New([]string{filepath.Join(dir, "root")},
		func(name string) bool { return strings.HasSuffix(name, ".go") },
		func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	seen := func(name string) {
		t.Helper()
		late := time.After(time.Minute)
		for {
			select {
			case path := <-w.files:
				if filepath.Base(path) == name {
					return
				}
			case <-late:
				t.Fatalf("%s goes unseen", name)
			}
		}
	}
	write("real/chat/chat.go")
	seen("chat.go")
	write("elsewhere/first.txt")
	seen("first.txt")
	link("../../elsewhere/second.txt", "real/chat/second.go")
	seen("second.go")
	write("elsewhere/second.txt")
	seen("second.txt")
}

func TestCloseWhileSomethingChanges(t *testing.T) {
	root := t.TempDir()
	w, err := New([]string{root}, func(string) bool { return true }, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := os.WriteFile(filepath.Join(root, "x.go"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
