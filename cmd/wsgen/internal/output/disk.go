package output

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Disk writes to disk. It replaces a file by a rename, so that a build which runs
// meanwhile sees the old file or the new one. It does so only if the bytes differ,
// so that unchanged files keep their time.
type Disk struct {
	// Alone says that no other run can be writing to these folders. Then Put
	// removes the files that a killed run has left half done. Default: another run
	// may be at work, and such files stay.
	Alone bool
	// Writing, if not nil, is held from the first file that is prepared until all
	// are replaced and no temporary file is left. Code that ends the process locks
	// it first, because half the files of a run would not build.
	Writing sync.Locker
}

// Put prepares every new file before it replaces the first, so that a full disk
// or a folder that cannot be written changes nothing. Once it has begun to
// replace, it does not stop for ctx.
func (d Disk) Put(ctx context.Context, plan Plan) ([]Change, error) {
	changes, err := plan.Changes()
	if err != nil {
		return nil, err
	}
	if d.Writing != nil {
		d.Writing.Lock()
		defer d.Writing.Unlock()
	}
	if d.Alone {
		plan.sweep()
	}
	var (
		staged []stagedFile
		made   []string // folders that were not there, the outer ones first
	)
	defer func() {
		for _, s := range staged {
			os.Remove(s.temp) // gone already if it was renamed
		}
		for _, dir := range slices.Backward(made) {
			os.Remove(dir) // it stays if there is a file in it
		}
	}()
	for _, c := range changes {
		if c.New == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c.folders {
			dirs, err := makeFolder(filepath.Dir(c.Path))
			if made = append(made, dirs...); err != nil {
				return nil, fmt.Errorf("cannot make the folder of %s (no file was changed): %w", c.Path, err)
			}
		}
		temp, err := stage(c)
		if err != nil {
			return nil, fmt.Errorf("cannot write %s (no file was changed): %w", c.Path, err)
		}
		staged = append(staged, stagedFile{temp, c.Path})
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var errs []error
	for _, s := range staged {
		errs = append(errs, os.Rename(s.temp, s.path))
	}
	for _, c := range changes {
		if c.New == nil {
			errs = append(errs, os.Remove(c.Path))
		}
	}
	return changes, errors.Join(errs...)
}

type stagedFile struct{ temp, path string }

// stagePrefix begins the names of files that are to replace the one at path.
func stagePrefix(path string) string { return "." + filepath.Base(path) + "." }

// sweep removes the staged files of runs that were killed.
func (plan Plan) sweep() {
	prefixes := map[string][]string{} // by folder
	for _, f := range plan.Files {
		dir := filepath.Dir(f.Path)
		prefixes[dir] = append(prefixes[dir], stagePrefix(f.Path))
	}
	for _, found := range plan.Found {
		dir := filepath.Dir(found.Path)
		prefixes[dir] = append(prefixes[dir], stagePrefix(found.Path))
	}
	for dir, list := range prefixes {
		entries, _ := os.ReadDir(dir) // staging a file reports a folder that cannot be read
		for _, e := range entries {
			if slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(e.Name(), p) }) {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
}

// makeFolder makes a folder with all above it, and returns those that were not there.
func makeFolder(dir string) (made []string, err error) {
	if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
		return nil, nil
	}
	if made, err = makeFolder(filepath.Dir(dir)); err != nil {
		return made, err
	}
	if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) {
		return made, nil // another run was faster, or staging tells what it is
	} else if err != nil {
		return made, err
	}
	return append(made, dir), nil
}

// stage writes the new content beside its place, to a file whose name starts with
// a dot. The go command ignores such files.
func stage(c Change) (temp string, err error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(c.Path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(c.Path), stagePrefix(c.Path)+"*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(c.New)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	return f.Name(), err
}
