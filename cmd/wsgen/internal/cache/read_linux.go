package cache

import (
	"hash"
	"io/fs"
	"syscall"
)

// readInto hashes the file at path. Package os would make twice the system
// calls, to find out whether it can wait for the file.
func readInto(h hash.Hash, path string, buf []byte) error {
	fd, err := again(func() (int, error) { return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = syscall.Close(fd) }() // it was only read
	var info syscall.Stat_t
	if _, err := again(func() (int, error) { return 0, syscall.Fstat(fd, &info) }); err != nil {
		return &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	for total := int64(0); ; {
		n, err := again(func() (int, error) { return syscall.Read(fd, buf) })
		if err != nil {
			return &fs.PathError{Op: "read", Path: path, Err: err}
		}
		h.Write(buf[:n])
		total += int64(n)
		if n == 0 || n < len(buf) && total >= info.Size {
			return nil
		}
	}
}

// again calls a system call until no signal interrupts it.
func again(call func() (int, error)) (n int, err error) {
	for {
		if n, err = call(); err != syscall.EINTR {
			return n, err
		}
	}
}
