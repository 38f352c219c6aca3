package socket

import "sync/atomic"

// state says how far a socket is, in one word. A goroutine that changes it
// learns at the same moment what else holds. So of two that depend on each
// other one sees what the other has done.
type state struct{ bits atomic.Uint32 }

const (
	stateOpened     uint32 = 1 << iota // nothing is read ahead any more (ahead.go)
	stateReads                         // the read goroutine waits for bytes, and has nothing in hand
	stateDrains                        // the owner accepts nothing new
	statePeerClosed                    // no byte of the peer's will follow
	stateAnswered                      // the peer has answered our Close
	stateReadDone                      // nothing is read any more
	stateWriteDone                     // nothing is written any more
	stateBrief                         // the peer was turned away: the socket stays for linger at most
	stateKeeps                         // it may get another link, and the outbox keeps what it hands out. Set before anything is read
	stateParted                        // its link has ended, or is about to, and the owner lives on
	stateMute                          // the peer gets nothing but the Close frame
	stateTorn                          // a write has failed, perhaps in the middle of a frame
	stateSpoke                         // a message has come since the last ping
	stateDeep                          // gws reads, deep in the stack
	stateGrown                         // the stack of the read goroutine may be larger than waiting takes
	stateHushed                        // the read deadline has passed so that the read goroutine wakes (alive.go)
	stateLong                          // messages are longer than a short block (read.go). Read goroutine only

	onePart = 1 << 20 // above the bits stands how many parts are not released
)

// is reports whether all of the bits are set.
func (p *state) is(bits uint32) bool { return p.bits.Load()&bits == bits }

// set sets bits, and returns all that are set then.
func (p *state) set(bits uint32) uint32 { return p.bits.Or(bits) | bits }

func (p *state) clear(bits uint32) { p.bits.And(^bits) }
