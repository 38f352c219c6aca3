package kit

import "net/netip"

// Lone is a Client without a connection: what it is to be, and how one learns
// what became of it.
type Lone struct {
	Principal any            // a ws.Principal; nil: nobody is known
	Remote    netip.AddrPort // the zero AddrPort: it is from nowhere
	Wildcards []string       // names in the path, and their values
	Values    []string

	// Take returns the frames that were queued since it was called last, joined.
	// It is for one caller at a time. Set by package ws, as the next.
	Take func() []byte
	// Closed returns the ws.Closed that the connection closes for; nil: it is open.
	Closed func() any
}

// Push is one push, before anybody gets it.
type Push struct {
	All          bool
	Rooms, Users []string
	IDs, Except  []uint64
	Key          string // "": it is not coalesced
	Overflow     uint8  // a ws.Overflow
	Frame        []byte // as it goes out. It must not be changed
}

// Recorder is told each push to several connections, and each that is addressed by
// an id, on the goroutine that pushes.
type Recorder func(p Push)
