// Package broker is the seam between the nodes of a cluster and what carries
// messages from one to the other: the engine, which is NATS, Redis, or anything
// else with publish and subscribe. A Broker is an adapter to an engine. It knows
// nothing of connections, rooms or frames: the runtime does all of that, the
// same for every engine.
//
// Who writes an adapter implements Broker and Link, hands to an Intake what the
// engine says, and runs package brokertest. Nothing else of the runtime is
// needed. The adapters for tests are in packages memory and brokertest.
//
// A Link may also be a Keeper: one whose engine keeps messages for those who have
// missed some. The runtime looks whether it is.
//
// # What an adapter promises
//
//   - When Link.Subscribe has returned nil, whatever any node publishes from
//     then on arrives.
//   - What one Link publishes to one channel arrives everywhere in this order.
//   - A message arrives once at most. One of Link.Publish's that was refused
//     does not arrive at all, so that it can be tried again.
//   - A message that does not arrive is told: by Receiver.Lost, or it was under
//     way between a Receiver.Down and the Receiver.Up that follows.
//   - Whoever is slow loses messages, and holds up neither the engine nor other
//     nodes.
//   - After Link.Close nothing of it is left: no goroutine, no subscription, no
//     call of the Receiver.
//
// # What it need not promise
//
//   - That a message arrives: plain pushes are delivered once at most.
//   - One order for messages of several Links or of several channels.
//   - That a node does not hear what it has published itself. It may or may not,
//     and the runtime drops it.
//   - To keep messages while the link is down: the runtime does that, for as
//     long as they are worth something.
//
// # What a Keeper promises
//
//   - Nobody hears what is not stored, and everybody hears what is kept in one channel
//     of a log in the order of its positions.
//   - No position is given to two messages, also if the engine has lost its newest
//     ones or all. Then the epoch is another one, or offsets go on behind those that
//     were lost.
//   - Page.Complete is certain. Who lags, among the servers of an engine, is not
//     believed about what is not there.
//   - An Outcome without ErrUnsure is certain: what has another error is not kept, and
//     was heard by nobody.
//   - What has the same key within KeyTime is kept and heard once, as long as the
//     engine has the first of them.
//
// # Names and sizes
//
// The name of a cluster has 1 to MaxName bytes, each of a-z, A-Z, 0-9, _ and -.
// A channel has 1 to MaxChannel bytes, each one of those or a dot, with no dot
// at either end or beside another. Case matters. The runtime makes all names,
// so that adapters have nothing to escape and need not check. A node has up to
// some hundred thousand channels. Each call of Link has at most MaxBatch of
// them, or of messages. Logs have names of any kind, which adapters encode.
package broker

// Bounds of what the runtime passes to an adapter.
const (
	MaxName    = 64   // bytes of a cluster's name
	MaxChannel = 200  // bytes of a channel
	MaxBatch   = 4096 // channels, or messages, in one call
	MinMessage = 4096 // what Link.MaxMessage returns at least
)
