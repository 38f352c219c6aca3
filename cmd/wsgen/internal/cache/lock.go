package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// errBusy says that another process holds a lock.
var errBusy = errors.New("another process holds the lock")

// Lock waits until no other run of wsgen works on the module at root, and keeps
// others out until unlock is called. The system takes the lock from a process
// that ends in any way. Without a folder for it, or on a system without such
// locks, the error says so; ctx ends the wait with its own error.
func Lock(ctx context.Context, root string) (unlock func(), err error) {
	folder, err := Folder()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(folder, "locks")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if end, err := filepath.EvalSymlinks(root); err == nil {
		root = end // it may go by several names
	}
	path := filepath.Join(dir, fmt.Sprintf("%x", sha256.Sum256([]byte(root)))[:40])
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := lockFile(path)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, errBusy) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
