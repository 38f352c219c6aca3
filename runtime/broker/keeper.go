package broker

import (
	"context"
	"errors"
	"time"
)

// What became of a message that was to be kept, when it is not certain that it was.
var (
	// ErrUnavailable says that a message is certainly not kept, and that nobody has
	// heard it: the engine was not there, or could not store it. It may be tried
	// again.
	ErrUnavailable = errors.New("broker: the engine cannot keep messages now")
	// ErrUnsure says that a message is kept or not, and nobody knows. Who tries it
	// again with the same key has it kept once.
	ErrUnsure = errors.New("broker: no answer, so the message is kept or not")
)

// KeyTime is for how long a Keeper knows the key of a Kept, at least.
const KeyTime = 2 * time.Minute

// MaxKept is how many positions of one channel a Log may name as its Size.
const MaxKept = 1 << 20

// Keeper is a Link that also keeps messages, so that who has missed some can read
// them later. Whoever opens a Link looks whether it is one.
//
// Keep is called by one goroutine at a time, beside the other methods of Link.
// Declare, Read and Ends are called by anybody at any time. All of them may wait
// for the engine, until ctx ends, and return its error then. While the link is
// down they fail at once, with ErrDown or, each message of Keep, with
// ErrUnavailable.
//
// A log whose stream somebody deletes, or whose engine has lost all that it had,
// begins anew with another epoch. Read and Ends say so by that epoch, and fail not.
type Keeper interface {
	Link

	// Declare makes logs, or changes their bounds. It may be called again, and by
	// many nodes at once. Keep, Read and Ends make a log that is not there; so
	// Declare is for whoever wants to know in time that it cannot be made. Its
	// error says why then, and what is to be done.
	Declare(ctx context.Context, logs []Log) error

	// Keep stores messages and publishes each, with its position, to all nodes that
	// are subscribed to its channel, also to the node that keeps it. It is one step:
	// nobody hears what is not stored, and the order of positions is the order in
	// which everybody hears them. Those of one channel and log in a batch, as far as
	// they are kept, have positions in the order of the batch.
	//
	// It returns an Outcome for each, in their order.
	Keep(ctx context.Context, batch []Kept) []Outcome

	// Read returns what a channel has after a position, oldest first, and limit
	// messages at most, one at least.
	//
	// Who comes from another node with a position that was told there need not be
	// ahead of this one: where nothing is kept behind an earlier position, Read from
	// that has a Top that is not before any position of the channel that Ends or Read
	// have returned to anybody until then, or has it soon, if who has answered lags.
	Read(ctx context.Context, log Log, channel string, after Position, limit int) (Page, error)

	// Ends returns the end of each channel, in their order: a position behind the
	// last message, from which nothing is missing that is kept later. It is the
	// position of that message or, where there is none, or where it may be gone soon,
	// one that no message has.
	Ends(ctx context.Context, log Log, channels []string) ([]Position, error)
}

// Log is a history: so many messages of each channel, for so long. Later versions
// may add fields, so write their names.
type Log struct {
	// Name is that of the push interface, "chat.Events", unless its directive says
	// another: 1 to 200 bytes, of any kind. Logs of one cluster differ by it.
	Name string
	// Size is how many messages of each channel are kept: 1 to MaxKept. An engine
	// may keep more.
	Size int
	// TTL is how long each is kept, if there are not too many. An engine may keep
	// it for longer. It is a millisecond at least.
	TTL time.Duration
}

// Position is a place in the history of one channel. Offsets grow; they need not
// follow on each other. Positions of different epochs cannot be compared: the
// engine lost what it had. The zero Position is nowhere.
type Position struct {
	Epoch  string // 1 to 16 of a-z A-Z 0-9
	Offset uint64 // up to 1<<53
}

// Kept is a message to be kept. Later versions may add fields, so write their
// names.
type Kept struct {
	Outgoing
	Log Log
	// Key has a message kept once: the same within KeyTime, in the same log and
	// channel, is stored and published once. It may have any bytes. "" is none.
	Key string
}

// Outcome is what became of a Kept.
type Outcome struct {
	// At is where it is kept. It is zero with an Err.
	At Position
	// Duplicate says that it is one of an earlier message with the same key, whose
	// position At is. It was not published again.
	Duplicate bool
	// Err is nil for what is kept, and is or wraps ErrUnsure for what perhaps is.
	// All others are certainly not kept: with ErrUnavailable they may be tried
	// again, with ErrTooLarge, ErrRefused and ErrClosed they need not be.
	Err error
}

// Page is what Read has found.
type Page struct {
	// Epoch is the log's. If it is not the position's, nothing can be said of what
	// was missed: Complete is false.
	Epoch string
	// Top is the last offset there is or, if Complete is true, that of the position
	// if it is later. Who takes it for the end misses nothing that is kept later.
	// If Complete is true and there are no Entries it may be later than both: nothing
	// is kept up to there, and nothing will be.
	Top uint64
	// Complete says that nothing is missing between the position and the first of
	// Entries or, if there are none, the end. It is certain. False is in doubt: what
	// was missed is not there any more, or nobody can tell.
	Complete bool
	// Entries are those after the position, in order, with At and Prev; none, or
	// some, if Complete is false. There are more if the last one is before Top.
	Entries []Delivery
}
