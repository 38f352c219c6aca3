package cli

import (
	"runtime"
	"syscall"
)

// heapSize is what a run over a large module gets by without asking the system
// for more.
const heapSize = 64 << 20

// hugePages is MADV_HUGEPAGE.
const hugePages = 14

// prepareMemory has the system hand out the memory of a run in pages of 2 MiB.
// A run fills tens of MiB, and is over: to ask for each 4 KiB of that is a third
// of its work where the system is a guest of another. What is not used is not
// taken. A system that knows no such pages says so, and nothing has changed.
func prepareMemory() {
	if ask := func() error { return syscall.Madvise(make([]byte, heapSize), hugePages) }; ask() == nil {
		runtime.GC() // the block is the heap's again, and what is taken next is a part of it
	}
}
