package ws

import "sync/atomic"

// phase is how far a connection is, in one word: whoever changes it learns at
// the same moment what else holds, so that of two who depend on each other one
// sees what the other has done.
type phase struct{ bits atomic.Uint32 }

const (
	phaseOpened uint32 = 1 << iota // the connect hook has returned
	phaseReads                     // the read goroutine waits for bytes, and has nothing in hand
	phaseDrains                    // nothing new is accepted (drain.go)
	phaseCloses                    // nothing is accepted or sent any more, but for what is queued
)

// Load reports whether the connection is closing.
func (p *phase) Load() bool { return p.is(phaseCloses) }

// is reports whether all of the bits are set.
func (p *phase) is(bits uint32) bool { return p.bits.Load()&bits == bits }

// set sets bits, and returns all that are set then.
func (p *phase) set(bits uint32) uint32 { return p.bits.Or(bits) | bits }

func (p *phase) clear(bits uint32) { p.bits.And(^bits) }
