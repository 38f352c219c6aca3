//go:build !darwin && !linux

package cache

import (
	"errors"
	"io/fs"
	"os"
)

// stampOf says when the file at path was written, which any program may set: the
// content has to be read.
func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stamp{}, nil
	case err != nil:
		return stamp{}, err
	}
	return stamp{size: info.Size(), written: info.ModTime().UnixNano()}, nil
}
