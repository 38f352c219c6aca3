package cli

import (
	"errors"
	"fmt"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// undone calls do, and takes back all that this has written if it fails. An
// interrupt that does not wait so long takes it back itself.
func (s streams) undone(do func(*scaffold.Undo) error) error {
	undo := new(scaffold.Undo)
	s.writing.undo.Store(undo)
	err := do(undo)
	if err == nil {
		err = undo.Done()
		s.writing.Lock() // from here on files have been changed
		s.writing.undo.Store(nil)
		s.writing.Unlock()
		return err
	}
	if !undo.Begun() {
		return err
	}
	if stuck := undo.Back(); stuck != nil {
		return errors.Join(err, fmt.Errorf("what was written before could not all be taken back: %w", stuck))
	}
	return takenBack{err}
}

// takenBack is an error that has left nothing behind.
type takenBack struct{ error }

func (t takenBack) Unwrap() error { return t.error }
