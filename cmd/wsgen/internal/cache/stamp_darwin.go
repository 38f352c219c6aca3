package cache

import (
	"errors"
	"io/fs"
	"syscall"
)

// stampOf asks the system about the file at path, once. A run that has nothing
// to do consists of this.
func stampOf(path string) (stamp, error) {
	var info syscall.Stat_t
	err := syscall.Stat(path, &info)
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Stat(path, &info)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stamp{known: true}, nil
	case err != nil:
		return stamp{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return stamp{true, uint64(info.Dev), info.Ino, info.Size, info.Ctimespec.Nano(), info.Mtimespec.Nano()}, nil
}
