package output

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Disk writes. A file is replaced by rename and only if its bytes differ, so a
// build that runs meanwhile sees the old file or the new one, and unchanged
// files keep their time.
type Disk struct{}

// Put prepares every new file before it replaces the first, so that a full disk
// or a folder that cannot be written changes nothing. Once it has begun to
// replace, it does not stop for ctx: half a run would not build.
func (Disk) Put(ctx context.Context, plan Plan) ([]Change, error) {
	changes, err := plan.Changes()
	if err != nil {
		return nil, err
	}
	var staged []stagedFile
	defer func() {
		for _, s := range staged {
			os.Remove(s.temp) // gone already if it was renamed
		}
	}()
	for _, c := range changes {
		if c.New == nil {
			continue
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

// stage writes the new content beside its place. The go command ignores files
// whose name starts with a dot.
func stage(c Change) (temp string, err error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(c.Path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(c.Path), "."+filepath.Base(c.Path)+".*")
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
