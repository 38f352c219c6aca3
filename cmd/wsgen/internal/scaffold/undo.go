package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Undo takes back the files of a command that could not do all it was asked for,
// so that the command may be run again. It is safe for concurrent use: an
// interrupt takes back while the command is still running.
type Undo struct {
	mu sync.Mutex

	// These are guarded by mu.
	over  bool     // it was taken back
	stuck error    // what could not be
	kept  []file   // as they were, in the order in which they were kept
	made  []string // folders that were not there, outermost first
	empty []string // folders that were there, with nothing in them
	aside []string // folders that are replaced
}

// away ends the name of a folder that waits until it is known whether it comes
// back.
const away = ".before-wsgen-init"

// file is what stood at a path; nil data is nothing.
type file struct {
	path string
	data []byte
}

// errOver is why nothing more is written.
var errOver = errors.New("what was written has been taken back")

// begin locks for another step; it fails if everything has been taken back.
func (u *Undo) begin() error {
	u.mu.Lock()
	if u.over {
		u.mu.Unlock()
		return errOver
	}
	return nil
}

// Keep remembers files that somebody is about to write.
func (u *Undo) Keep(paths ...string) error {
	if err := u.begin(); err != nil {
		return err
	}
	defer u.mu.Unlock()
	return u.keep(paths...)
}

func (u *Undo) keep(paths ...string) error {
	for _, path := range paths {
		data, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			data = nil
		case err != nil:
			return err
		case data == nil:
			data = []byte{}
		}
		u.kept = append(u.kept, file{path, data})
	}
	return nil
}

// folder makes a folder and those that it stands in. Undoing removes all that
// is by then in a folder that was new or empty.
func (u *Undo) folder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err == nil {
		if len(entries) == 0 {
			u.empty = append(u.empty, dir)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := u.parents(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	u.made = append(u.made, dir)
	return nil
}

// Aside moves a folder out of the way of one that is to take its place.
func (u *Undo) Aside(dir string) error {
	if err := u.begin(); err != nil {
		return err
	}
	defer u.mu.Unlock()
	if err := os.Rename(dir, dir+away); err != nil {
		return err
	}
	u.aside = append(u.aside, dir)
	return nil
}

// parents makes folders that are not there.
func (u *Undo) parents(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return u.folder(dir)
}

// Write writes files below dir. It writes none if one of them is there.
func (u *Undo) Write(dir string, files map[string][]byte) error {
	if err := u.begin(); err != nil {
		return err
	}
	defer u.mu.Unlock()
	for name := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already, and stays as it is", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := u.folder(dir); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := u.folder(filepath.Dir(path)); err != nil {
			return err
		}
		if err := u.keep(path); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Begun reports whether there may be something to take back.
func (u *Undo) Begun() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.kept)+len(u.made)+len(u.empty)+len(u.aside) > 0
}

// Done lets everything be as it is now.
func (u *Undo) Done() error {
	if err := u.begin(); err != nil {
		return err
	}
	defer u.mu.Unlock()
	var errs []error
	for _, dir := range u.aside {
		errs = append(errs, os.RemoveAll(dir+away))
	}
	return errors.Join(errs...)
}

// Back brings everything to the state that it had, once.
func (u *Undo) Back() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.over {
		u.over, u.stuck = true, u.back()
	}
	return u.stuck
}

func (u *Undo) back() error {
	var errs []error
	for _, f := range u.kept {
		errs = append(errs, f.restore())
	}
	for _, dir := range u.empty {
		entries, err := os.ReadDir(dir)
		errs = append(errs, err)
		for _, e := range entries {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	for _, dir := range u.aside {
		errs = append(errs, os.RemoveAll(dir), os.Rename(dir+away, dir))
	}
	for _, dir := range u.made {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// restore makes the file as it was, if it has changed.
func (f file) restore() error {
	if f.data == nil {
		if err := os.Remove(f.path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	now, err := os.ReadFile(f.path)
	if err == nil && string(now) == string(f.data) {
		return nil
	}
	return os.WriteFile(f.path, f.data, 0o644)
}
