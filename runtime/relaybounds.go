package ws

import "errors"

// Errors of a push by a node of a cluster. Nobody gets it then, here neither.
var (
	// ErrTooLarge says that the engine does not carry messages of this size.
	ErrTooLarge = errors.New("ws: the push is larger than what the cluster's engine carries")
	// ErrTooMany says that a push has more than 1024 exceptions, or goes to the
	// union of more than 256 rooms, or that their names have more than 60 KiB. One
	// that waits (Target.Across) also has at most 256 users or 1024 ids.
	ErrTooMany = errors.New("ws: the push has too many exceptions or rooms for other nodes")
)

// headRoom bounds what of a packet's head is neither a name, nor an id, nor text of
// the program's.
const headRoom = 96

// maxNames is how many bytes the names of a push may have.
const maxNames = 60 << 10

// namesSize returns how many bytes names take together, and the longest alone.
func namesSize(names []string) (all, longest int) {
	for _, name := range names {
		all += len(name) + 3
		longest = max(longest, len(name)+3)
	}
	return all, longest
}
