//go:build !linux

package cache

import (
	"hash"
	"io"
	"os"
)

// readInto hashes the file at path.
func readInto(h hash.Hash, path string, buf []byte) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	// The wrapper hides WriteTo of the file, which would make a buffer of its own.
	_, err = io.CopyBuffer(h, struct{ io.Reader }{in}, buf)
	return err
}
