package cluster

import (
	"encoding/binary"
	"iter"
)

// View is a packet that has arrived. Its slices are parts of the bytes that were
// parsed; nothing is copied or allocated. What the packet does not have is zero.
type View struct {
	Kind Kind
	From uint64

	Target Target
	Names  Names
	Place  int
	IDs    IDs
	Except IDs

	Event, Trace, Key []byte
	Declared          bool
	Overflow          uint8
	Sent              int64

	Log    []byte // of a push that the engine keeps; nil for others
	Places Places

	Room   []byte
	Code   uint16
	Reason []byte

	NodeName           []byte
	Base               uint32
	Lowest, Highest    uint8
	HighestKind        Kind
	Connections, Rooms uint64
	State              State
	Began              int64

	Request uint64
	Asks    uint64
	Part    uint64
	Last    bool
	Refusal bool
	Limit   uint64

	Presence       []byte
	Version, Since uint64

	Payload []byte

	has uint64 // bits: the tags that there were
}

// Names are the names of a packet.
type Names struct {
	count int
	raw   []byte // uvarint length and bytes of each
}

// Len returns how many there are.
func (n Names) Len() int { return n.count }

// All yields each with its place.
func (n Names) All() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		rest := n.raw
		for i := range n.count {
			size, k := binary.Uvarint(rest)
			name := rest[k : k+int(size)]
			rest = rest[k+int(size):]
			if !yield(i, name) {
				return
			}
		}
	}
}

// At returns the name of a place; nil if there is none.
func (n Names) At(place int) []byte {
	for i, name := range n.All() {
		if i == place {
			return name
		}
	}
	return nil
}

// Places are where a push is kept for the first names of a packet: uvarint length and
// bytes of each.
type Places []byte

// All yields each with the place of its name.
func (p Places) All() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		rest := []byte(p)
		for i := 0; len(rest) > 0; i++ {
			size, k := binary.Uvarint(rest)
			at := rest[k : k+int(size)]
			rest = rest[k+int(size):]
			if !yield(i, at) {
				return
			}
		}
	}
}

// count returns how many there are; -1 if they are not whole.
func (p Places) count() (n int) {
	for rest := []byte(p); len(rest) > 0; n++ {
		size, k := binary.Uvarint(rest)
		if k <= 0 || size > uint64(len(rest)-k) {
			return -1
		}
		rest = rest[k+int(size):]
	}
	return n
}

// IDs are ids of connections: 8 bytes each.
type IDs []byte

// Len returns how many there are.
func (ids IDs) Len() int { return len(ids) / 8 }

// All yields each.
func (ids IDs) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for rest := ids; len(rest) > 0; rest = rest[8:] {
			if !yield(binary.BigEndian.Uint64(rest)) {
				return
			}
		}
	}
}

// AppendIDs appends the ids to a slice of the caller's type.
func AppendIDs[ID ~uint64](to []ID, ids IDs) []ID {
	for id := range ids.All() {
		to = append(to, ID(id))
	}
	return to
}

// Parse makes v the view of a packet. It fails with ErrMalformed for bytes that
// no release sends, and with ErrUnknown for those of another release. In the
// second case it has filled in what it understands: From at least if the layout
// is known, so that it can be told who sends such packets, and Request, so that
// a question can be answered.
func (v *View) Parse(data []byte) error {
	*v = View{}
	switch {
	case len(data) < 2 || len(data) > MaxPacket || data[0] != magic || data[1] == 0:
		return ErrMalformed
	case data[1] != layout:
		return ErrUnknown
	case len(data) < headLength+1:
		return ErrMalformed
	}
	v.Kind, v.From = Kind(data[2]), binary.BigEndian.Uint64(data[4:])
	switch {
	case v.From == 0 || v.Kind == 0:
		return ErrMalformed
	case data[3] != 0:
		return ErrUnknown
	}
	rest, unknown, ok := v.fields(data[headLength:])
	if !ok {
		return ErrMalformed
	}
	v.Payload = rest
	if unknown || v.Kind >= kinds {
		return ErrUnknown
	}
	if !v.whole() {
		return ErrMalformed
	}
	return nil
}

// fields reads the fields and returns what is behind them, and whether there is
// something to understand that v does not.
func (v *View) fields(data []byte) (payload []byte, unknown, ok bool) {
	for {
		tag, field, rest, ok := nextField(data)
		switch {
		case !ok:
			return nil, unknown, false
		case tag == tagEnd:
			return rest, unknown, true
		case tag < 64 && v.Kind.tags()&(1<<tag) != 0:
			if v.has&(1<<tag) != 0 {
				return nil, unknown, false // twice
			}
			v.has |= 1 << tag
			understood, sound := v.field(tag, field)
			if !sound {
				return nil, unknown, false
			}
			unknown = unknown || !understood
		case tag%2 == 1:
			unknown = true
		}
		data = rest
	}
}

// nextField cuts the next field off data.
func nextField(data []byte) (tag uint64, field, rest []byte, ok bool) {
	tag, n := binary.Uvarint(data)
	if n <= 0 {
		return 0, nil, nil, false
	}
	if data = data[n:]; tag == tagEnd {
		return tagEnd, nil, data, true
	}
	size, n := binary.Uvarint(data)
	if n <= 0 || size > MaxField || size > uint64(len(data)-n) {
		return 0, nil, nil, false
	}
	data = data[n:]
	return tag, data[:size:size], data[size:], true
}

// field reads the field of a known tag. It reports whether its value is one that
// this release understands, and whether any release sends it.
func (v *View) field(tag uint64, b []byte) (understood, sound bool) {
	switch tag {
	case tagTarget:
		if len(b) != 1 || b[0] == 0 {
			return false, false
		}
		v.Target = Target(b[0])
		return v.Target == ToAll || v.Target == ToRooms || v.Target == ToUsers || v.Target == ToConns, true
	case tagOverflow:
		if len(b) != 1 || b[0] == 0 {
			return false, false
		}
		v.Overflow = b[0]
		return v.Overflow <= mostOverflow, true
	case tagEvent:
		v.Event = b
	case tagTrace:
		v.Trace = b
	case tagKey:
		v.Key = b
	case tagNodeName:
		v.NodeName = b
	case tagRoom:
		v.Room = b
	case tagLog:
		v.Log = b
		return true, len(b) > 0
	case tagPlaces:
		v.Places = b
		return true, Places(b).count() > 0
	case tagPresence:
		v.Presence = b
	case tagNames:
		return true, v.Names.parse(b)
	case tagIDs, tagExcept:
		if len(b)%8 != 0 || len(b) > 8*MaxIDs {
			return false, false
		}
		if tag == tagIDs {
			v.IDs = b
		} else {
			v.Except = b
		}
	case tagVersions:
		if len(b) != 3 || b[0] > b[1] {
			return false, false
		}
		v.Lowest, v.Highest, v.HighestKind = b[0], b[1], Kind(b[2])
	case tagDeclared:
		v.Declared = true
		return true, len(b) == 0
	case tagRefusal:
		v.Refusal = true
		return true, len(b) == 0
	case tagClose:
		if len(b) < 2 {
			return false, false
		}
		v.Code, v.Reason = binary.BigEndian.Uint16(b), b[2:]
	default:
		return true, v.numbers(tag, b)
	}
	return true, true
}

// numbers reads a field of one uvarint, or of two.
func (v *View) numbers(tag uint64, b []byte) (sound bool) {
	n, k := binary.Uvarint(b)
	if k <= 0 {
		return false
	}
	b = b[k:]
	switch tag {
	case tagSent:
		v.Sent = int64(n)
		sound = v.Sent >= 0
	case tagBegan:
		v.Began = int64(n)
		sound = v.Began >= 0
	case tagPlace:
		v.Place = int(n)
		sound = n < MaxNames
	case tagBase:
		v.Base = uint32(n)
		sound = n < 1<<24
	case tagRequest:
		v.Request, sound = n, n != 0
	case tagState:
		v.State, sound = State(n), true // more bits are news of a later release, which may be ignored
	case tagPart:
		v.Part, v.Last, sound = n>>1, n&1 == 1, true
	case tagLimit:
		v.Limit, sound = n, true
	case tagAsks:
		v.Asks, sound = n, true
	case tagVersion:
		v.Version, sound = n, true
	case tagSince:
		v.Since, sound = n, true
	case tagLoad:
		rooms, k := binary.Uvarint(b)
		if k <= 0 {
			return false
		}
		v.Connections, v.Rooms, sound = n, rooms, true
		b = b[k:]
	}
	return sound && len(b) == 0
}

// parse checks that the names are whole.
func (n *Names) parse(b []byte) bool {
	count, k := binary.Uvarint(b)
	if k <= 0 || count == 0 || count > MaxNames {
		return false
	}
	n.count, n.raw = int(count), b[k:]
	rest := n.raw
	for range count {
		size, k := binary.Uvarint(rest)
		if k <= 0 || size > uint64(len(rest)-k) {
			return false
		}
		rest = rest[k+int(size):]
	}
	return len(rest) == 0
}

// whole reports whether a packet of a known kind has what it needs, and a payload
// only if it may.
func (v *View) whole() bool {
	has := func(tags ...uint64) bool {
		for _, t := range tags {
			if v.has&(1<<t) == 0 {
				return false
			}
		}
		return true
	}
	bare := len(v.Payload) == 0
	switch v.Kind {
	case Push:
		return v.addressed() && v.keptRight() && isTextFrame(v.Payload)
	case Join, Leave:
		return v.addressed() && has(tagRoom) && bare
	case Hangup:
		return v.addressed() && has(tagClose) && bare
	case Heartbeat, Bye:
		return bare
	case Question:
		return (v.Target == 0 || v.addressed()) && v.Request != 0 && v.Asks != 0 && bare
	case Answer:
		return v.Request != 0 && has(tagPart) && (bare || !v.Refusal)
	default: // who is present
		return v.Target == ToRooms && v.Names.Len() == 1 && v.addressed() && has(tagPresence) &&
			(v.Kind != PresenceState || has(tagPart)) && (bare || v.Kind != PresenceDigest)
	}
}

// keptRight reports whether a push that is kept is one to rooms or users, and says of
// no more names where it is than there are before its own.
func (v *View) keptRight() bool {
	if v.Log == nil {
		return v.Places == nil
	}
	return (v.Target == ToRooms || v.Target == ToUsers) && v.Request == 0 && v.Places.count() <= v.Place
}

// addressed reports whether the target is there, and what it is about, and
// nothing else.
func (v *View) addressed() bool {
	names, ids := v.Names.Len(), v.IDs.Len()
	switch v.Target {
	case ToAll:
		return names == 0 && ids == 0 && v.Place == 0
	case ToRooms, ToUsers:
		return v.Place < names && ids == 0
	case ToConns:
		return names == 0 && ids > 0 && v.Place == 0
	}
	return false
}

// isTextFrame reports whether b is one text frame, final, without a mask, and
// with the shortest header that its length can have.
func isTextFrame(b []byte) bool {
	if len(b) < 2 || b[0] != 0x81 {
		return false
	}
	switch size := b[1]; {
	case size < 126:
		return len(b) == 2+int(size)
	case size == 126:
		return len(b) >= 4 && binary.BigEndian.Uint16(b[2:]) >= 126 && len(b)-4 == int(binary.BigEndian.Uint16(b[2:]))
	case size == 127:
		return len(b) >= 10 && binary.BigEndian.Uint64(b[2:]) >= 1<<16 && uint64(len(b)-10) == binary.BigEndian.Uint64(b[2:])
	}
	return false // masked
}
