// Package watch tells when files below some folders change.
package watch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How long a change waits for others that belong to it: until nothing more has
// come for Quiet, and at most for Most.
const (
	Quiet = 50 * time.Millisecond
	Most  = time.Second
)

// Watcher watches folders and all below them, also those made later.
type Watcher struct {
	system *fsnotify.Watcher
	counts func(name string) bool
	linked map[string]bool // base names of the files that links lead to
	files  chan string
	done   chan struct{} // closed when no more changes come
	why    error         // the reason for that; set before done is closed
}

// New watches roots for files whose base name counts; skip says by its base
// name which folder is left out. Close ends it.
func New(roots []string, counts, skip func(name string) bool) (*Watcher, error) {
	system, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{system: system, counts: counts, linked: map[string]bool{}, files: make(chan string), done: make(chan struct{})}
	for _, root := range roots {
		// With a separator behind it, a link to a folder is that folder.
		if err := w.add(filepath.Clean(root)+string(filepath.Separator), skip); err != nil {
			return nil, errors.Join(err, system.Close())
		}
	}
	go func() {
		defer close(w.done)
		w.why = w.run(skip)
	}()
	return w, nil
}

// Close ends the watch.
func (w *Watcher) Close() error {
	err := w.system.Close()
	for {
		select {
		case <-w.files: // nobody takes it any more
		case <-w.done:
			return err
		}
	}
}

// Wait returns when a file that counts has changed, and those that change
// along with it: an editor saves several, a checkout many.
func (w *Watcher) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		return w.why
	case <-w.files:
	}
	return settle(ctx, w.files)
}

// settle takes what comes on files until that has been quiet.
func settle(ctx context.Context, files <-chan string) error {
	quiet := time.NewTimer(Quiet)
	defer quiet.Stop()
	most := time.NewTimer(Most)
	defer most.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-files:
			quiet.Reset(Quiet)
		case <-quiet.C:
			return nil
		case <-most.C:
			return nil
		}
	}
}

// run passes on what the system says.
func (w *Watcher) run(skip func(string) bool) error {
	for {
		select {
		case event, ok := <-w.system.Events:
			if !ok {
				return fs.ErrClosed
			}
			name := filepath.Base(event.Name)
			if event.Has(fsnotify.Create) {
				if info, err := os.Stat(event.Name); err == nil && info.IsDir() && !skip(name) {
					// Files that are in it already have no event of their own. No
					// harm is done if the folder is gone again.
					_ = w.add(event.Name, skip)
					w.files <- event.Name
					continue
				}
			}
			if (w.counts(name) || w.linked[name]) && event.Op != fsnotify.Chmod {
				w.follow(event.Name)
				w.files <- event.Name
			}
		case err, ok := <-w.system.Errors:
			if !ok {
				return fs.ErrClosed
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return err
			}
			w.files <- "" // something has changed
		}
	}
}

// add watches top and the folders below it.
func (w *Watcher) add(top string, skip func(string) bool) error {
	return filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !e.IsDir() {
			if e.Type()&fs.ModeSymlink != 0 && w.counts(e.Name()) {
				w.follow(path)
			}
			return nil
		}
		if path != top && skip(e.Name()) {
			return filepath.SkipDir
		}
		return w.system.Add(filepath.Clean(path))
	})
}

// follow watches what path leads to, if it is a link to a file. A change there
// is known by its base name, since a folder may go by several paths.
func (w *Watcher) follow(path string) {
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return
	}
	to, err := filepath.EvalSymlinks(path)
	if err != nil {
		return // it leads nowhere yet
	}
	if info, err := os.Stat(to); err != nil || !info.Mode().IsRegular() {
		return
	}
	w.linked[filepath.Base(to)] = true
	_ = w.system.Add(filepath.Dir(to)) // if it cannot be watched, only changes behind the link go unseen
}
