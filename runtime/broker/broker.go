package broker

import (
	"context"
	"errors"
)

// Errors of a Link. An adapter returns one of them or an error that wraps one,
// and other errors for whatever else went wrong.
var (
	// ErrDown says that the link is down.
	ErrDown = errors.New("broker: the link to the engine is down")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("broker: the link is closed")
	// ErrTooLarge says that a message has more than MaxMessage bytes.
	ErrTooLarge = errors.New("broker: the message is larger than the engine takes")
	// ErrRefused says that the engine does not take a message, for lack of a
	// permission for one, and would not take it the next time.
	ErrRefused = errors.New("broker: the engine refuses the message")
)

// Broker is an adapter to an engine that carries messages between nodes. Its
// methods are safe for concurrent use.
type Broker interface {
	// Open joins the nodes of a cluster, by the cluster's name, and hands to r
	// what arrives. Nodes of different names do not hear each other.
	//
	// It returns without waiting for the engine. A Link that cannot connect
	// keeps trying, for ever, and says by r.Up and r.Down how it fares; r may be
	// called before Open returns. An error is a mistake in the configuration,
	// which trying again would not mend.
	//
	// A Broker may be opened several times. Each Link has a connection of its
	// own: one that is broken, slow or closed does not concern the others.
	Open(name string, r Receiver) (Link, error)
}

// Link is one node's way to the engine.
//
// Subscribe and Unsubscribe are called by one goroutine at a time, and Publish
// by another. They may wait for the engine, until ctx ends, and return its error
// then. The other methods are called by anybody at any time. Nothing that is
// passed to a method may be changed or kept by the Link after the method has
// returned, but strings.
type Link interface {
	// Subscribe begins to hear the channels. It returns nil when whatever any
	// node publishes from now on, to any of them, arrives here.
	//
	// When it returns an error all of the channels are subscribed nevertheless,
	// as soon as that is possible, and the Up that follows a Down says so for
	// all that were asked for before. While the link is down it fails with
	// ErrDown without waiting. A channel that is subscribed already stays so,
	// and is confirmed again.
	Subscribe(ctx context.Context, channels []string) error

	// Unsubscribe ends the interest in channels. Messages on their way may still
	// arrive. On an error it is done as soon as that is possible all the same.
	// Channels that are not subscribed are ignored.
	Unsubscribe(ctx context.Context, channels []string) error

	// Publish sends messages to all other nodes that are subscribed. Those of
	// one channel arrive in the order of all calls.
	//
	// It returns how many the engine was given, from the first on, as an
	// io.Writer does, and an error if these are not all. Of the others none was
	// sent or will be, so the caller may try them again; where a Link cannot
	// know, it counts a message as sent. While the link is down it fails with
	// ErrDown without waiting. It fails with ErrTooLarge at a message with more
	// than MaxMessage bytes, with ErrRefused at one that is to be given up for
	// another reason, and with ctx's error if ctx has ended already.
	Publish(ctx context.Context, batch []Outgoing) (n int, err error)

	// MaxMessage returns how many bytes a message may have, MinMessage at least.
	// It may change with the connection, and is a guess before the first.
	MaxMessage() int

	// Reset drops the connection and makes another, because the node suspects
	// that it leads nowhere. It returns at once; Down and Up follow.
	Reset()

	// Close sends what Publish has taken, ends the link, and returns when no
	// method of the Receiver runs any more; none is called afterwards. When ctx
	// ends first it returns ctx's error, and what is left to do is done without
	// it. Calls that wait return ErrClosed, and so do later ones of Subscribe,
	// Unsubscribe and Publish. To close again returns nil.
	Close(ctx context.Context) error
}

// Outgoing is a message to a channel. Later versions may add fields, so write
// their names.
type Outgoing struct {
	Channel string
	Data    []byte // 0 to MaxMessage bytes
}

// Delivery is a message from a channel. Later versions may add fields, so write
// their names.
type Delivery struct {
	Channel string
	Data    []byte
	At      Position // where a Keeper keeps it; zero if it is not kept
	Prev    uint64   // the offset of the kept message before it in its channel and log; 0 if the engine knows of none
}

// Receiver takes what a Link has to say. The runtime implements it. Its methods
// return quickly and call no method of the Link, but adapters must hold out
// against one that does not return: an Intake does that for them.
type Receiver interface {
	// Up says that the link works, and that all its subscriptions are in place.
	// Up and Down are called one at a time, and alternate. Unless it is the
	// first call of the two, messages may have been missed since Down, in both
	// directions.
	Up()
	// Down says that the link has broken, or that it could not be made.
	Down(cause error)
	// Deliver hands over a message. Those of one channel come one at a time and
	// in their order, those of several may come at once. The Receiver may keep
	// d.Data, which nobody changes.
	Deliver(d Delivery)
	// Lost says that n messages, one at least, were dropped on the way in: of
	// these channels or, if none is named, of any.
	Lost(n int, channels ...string)
}

// Sieve is a Receiver that knows at a glance what becomes of a message: that it does
// not need it, since its own node has published it, mostly, or that little is to be
// done. An Intake asks it before it keeps a message. The runtime implements it. Its
// methods are called on the goroutine that reads from the engine, at once with all
// others, never wait, and keep nothing of d.
type Sieve interface {
	Receiver
	// Needs reports whether a message has to be delivered.
	Needs(d Delivery) bool
	// Light reports whether Deliver ends sooner than another goroutine would begin
	// with the message. Intake.Hand asks that.
	Light(d Delivery) bool
}
