package cache

import (
	"crypto/sha256"
	"encoding/binary"
)

// Sizes in what is remembered of files: of what a file is known by, and of all.
const (
	keySize  = 16
	fileSize = keySize + sha256.Size
)

// known is what is remembered of files that had settled: of each its path and
// stamp, by which it is known, and what was in it.
type known []byte

// find is what was in the file with a key. It looks from a place on, and returns
// the one behind what it has found: whoever asks in the order of the files finds
// each at once.
func (k known) find(key [keySize]byte, from int) (sum [sha256.Size]byte, next int, ok bool) {
	n := len(k) / fileSize
	for i := range n {
		at := (from + i) % n
		if one := k[at*fileSize:]; string(one[:keySize]) == string(key[:]) {
			return [sha256.Size]byte(one[keySize:]), at + 1, true
		}
	}
	return sum, from, false
}

// encode writes what is to be remembered of the files of a snapshot: of all that
// have settled.
func (s snapshot) encode() known {
	data := make(known, 0, len(s.files)*fileSize)
	for _, f := range s.files {
		if !s.young(f) {
			key := f.key()
			data = append(append(data, key[:]...), f.sum[:]...)
		}
	}
	return data
}

// recall fills in what is remembered, and returns of how many settled files it
// is not.
func (s snapshot) recall(k known) (missing int) {
	next := 0
	for _, f := range s.files {
		if f.read || s.young(f) {
			continue
		}
		if f.sum, next, f.recalled = k.find(f.key(), next); !f.recalled {
			missing++
		}
	}
	return missing
}

// key is what a file is known by.
func (f *file) key() [keySize]byte {
	text := make([]byte, 0, 256)
	text = append(binary.AppendUvarint(text, uint64(len(f.path))), f.path...)
	for _, n := range []uint64{f.stamp.device, f.stamp.inode, uint64(f.stamp.size), uint64(f.stamp.changed), uint64(f.stamp.written)} {
		text = binary.BigEndian.AppendUint64(text, n)
	}
	sum := sha256.Sum256(text)
	return [keySize]byte(sum[:])
}
