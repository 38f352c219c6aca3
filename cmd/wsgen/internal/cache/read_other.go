//go:build !linux

package cache

import (
	"hash"
	"io"
	"os"
)

// readInto hashes the file at path, and returns when it was last changed, in
// nanoseconds.
func readInto(h hash.Hash, path string, buf []byte) (changed int64, err error) {
	in, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }() // it was only read
	info, err := in.Stat()
	if err != nil {
		return 0, err
	}
	// The wrapper hides WriteTo of the file, which would make a buffer of its own.
	_, err = io.CopyBuffer(h, struct{ io.Reader }{in}, buf)
	return info.ModTime().UnixNano(), err
}
