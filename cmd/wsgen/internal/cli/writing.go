package cli

import (
	"sync"
	"sync/atomic"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// writing is held while files that belong together are replaced.
type writing struct {
	sync.Mutex
	begun atomic.Bool // it has been held by a run
	watch atomic.Bool // the command is ended by an interrupt, which is no failure
	undo  atomic.Pointer[scaffold.Undo]
}

// Lock takes the lock for a run, and notes that there was one. It does not return
// once the process is ending.
func (w *writing) Lock() {
	w.Mutex.Lock()
	w.begun.Store(true)
}
