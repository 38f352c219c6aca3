package ws

import (
	"crypto/rand"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// reference is the cause of an error of which the client is told no more than
// ref. With that, somebody who has the log finds the line.
type reference struct {
	ref string
	err error
}

func newReference(err error) *reference { return &reference{rand.Text()[:12], err} }

func (r *reference) Error() string { return steady.Text(r.err) }

func (r *reference) Unwrap() error { return r.err }
