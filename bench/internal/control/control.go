// Package control is what the driver says to the servers and to the client
// processes, one JSON object a line over their standard input, and what they
// answer over their standard output. A process ends when its input ends, so
// nothing outlives the driver.
package control

// Ready is a server's first line.
type Ready struct {
	Addr    string `json:"addr"`
	Version string `json:"version"`        // of the library under test
	Cert    string `json:"cert,omitempty"` // PEM of a TLS server
	Error   string `json:"error,omitempty"`
	Pid     int    `json:"pid,omitempty"` // of the process that does the work, if it is not this one
}

// Order tells a server what to do. Do is "push", "keep", "gc", "profile" or "stop".
// "keep" is "push" to a room whose pushes are kept, and says where the last one is.
type Order struct {
	Do    string `json:"do"`
	Room  string `json:"room,omitempty"`  // push: "" is everybody
	Count int    `json:"count,omitempty"` // push: how many, one after the other
	Gap   int    `json:"gap,omitempty"`   // push: µs between two
	Bytes int    `json:"bytes,omitempty"` // push: length of the message
	File  string `json:"file,omitempty"`  // profile: where to; "" ends it
}

// Done is a server's answer.
type Done struct {
	At    int64  `json:"at"`    // clock stamp before the first push
	Took  int64  `json:"took"`  // µs until the last call returned
	P50   int64  `json:"p50"`   // µs that one push took
	P99   int64  `json:"p99"`   // µs
	Heap  int64  `json:"heap"`  // gc: bytes of live objects
	Stack int64  `json:"stack"` // gc: bytes of goroutines' stacks
	Error string `json:"error,omitempty"`

	Epoch  string `json:"epoch,omitempty"` // keep: where the last one is
	Offset uint64 `json:"offset,omitempty"`
}

// Task tells a client process what to do. Do is one of:
//
//   - "connect": open Count more connections
//   - "arm": count received messages from zero, until Frames have come
//   - "wait": until they have, or Limit
//   - "join": connection i joins room i modulo Rooms
//   - "follow": open Count more connections that follow Room, from the place that Epoch
//     and Offset say, and wait until each has had Each messages and no more; or, without
//     Epoch, from the end on
//   - "leave": close all connections, and forget them
//   - "enter": Count connections join Each new rooms, and wait for the replies:
//     one room at a time, or all at once with InFlight
//   - "echo": Count connections keep InFlight messages on the way, for Span
//     or Each messages a connection; Data is the whole message, if it is another
//     one than that of Bytes with a stamp in it
//   - "pace": every open connection sends a message a second, evenly spread, for
//     Span, and hears Each pushes meanwhile
//   - "talk": Count connections, spread evenly, send to their room, each its
//     next when its own has come back, for Span
//   - "packets": count the packets that came on open connections, ever
//   - "drop": close what the last connect with Mute opened
type Task struct {
	Do string `json:"do"`

	Addr    string `json:"addr,omitempty"`
	Path    string `json:"path,omitempty"`
	Cert    string `json:"cert,omitempty"`
	Socket  bool   `json:"socket,omitempty"`  // speak socket.io
	Central bool   `json:"central,omitempty"` // speak centrifuge's protocol
	Session bool   `json:"session,omitempty"` // speak wsgen.v1.json
	Deflate bool   `json:"deflate,omitempty"` // offer permessage-deflate
	Mute    bool   `json:"mute,omitempty"`    // never read, with a small receive buffer

	Count    int    `json:"count,omitempty"`
	By       int    `json:"by,omitempty"` // talk: the number of the first connection
	Rooms    int    `json:"rooms,omitempty"`
	InFlight int    `json:"inFlight,omitempty"`
	Each     int    `json:"each,omitempty"`
	Bytes    int    `json:"bytes,omitempty"`
	Data     string `json:"data,omitempty"`
	Frames   int    `json:"frames,omitempty"`
	DelayACK bool   `json:"delay_ack,omitempty"` // arm: acknowledge a little later, as a peer that talks
	Room     string `json:"room,omitempty"`
	Epoch    string `json:"epoch,omitempty"`
	Offset   uint64 `json:"offset,omitempty"`
	Span     int    `json:"span,omitempty"`  // ms
	Limit    int    `json:"limit,omitempty"` // ms; the task fails beyond
}

// Counted is a client's answer: what happened since the task, or "arm", began.
type Counted struct {
	Frames  int    `json:"frames"`  // messages received
	Bytes   int64  `json:"bytes"`   // of their payload
	Last    int64  `json:"last"`    // stamp of the last one
	Took    int64  `json:"took"`    // µs from the task's start to the last message
	Sent    int    `json:"sent"`    // messages sent
	P50     int64  `json:"p50"`     // µs
	P99     int64  `json:"p99"`     // µs
	Max     int64  `json:"max"`     // µs
	PushP50 int64  `json:"pushP50"` // µs; pace: of pushes, which P50, P99 and Max leave out
	PushP99 int64  `json:"pushP99"` // µs
	Open    int    `json:"open"`    // connections open now
	Packets int    `json:"packets"` // packets: those with data that ever came on them
	Closed  int    `json:"closed"`  // connections that the server ended, ever
	Deflate bool   `json:"deflate"` // connect: the server agreed to it
	Error   string `json:"error,omitempty"`
}
