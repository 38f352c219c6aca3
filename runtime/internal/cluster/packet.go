package cluster

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// A packet is what nodes send to each other. It has a head, fields, and a
// payload, which for a push is the whole WebSocket frame as it lies in an outbox:
//
//	0       'W'
//	1       layout version
//	2       kind
//	3       flags, all zero
//	4..11   id of the sending node, big endian, never zero
//	12..    fields: uvarint tag, uvarint length, bytes; tag 0 ends them
//	        payload
//
// A field with an odd tag must be understood, one with an even tag may be
// skipped. So a release may add fields and kinds that the one before does not
// know; the layout version changes only with the head.
const (
	magic        = 'W'
	layout       = 1 // of what is sent here
	lowestLayout = 1 // of what is read
	headLength   = 12
)

// Bounds of a packet. They are checked before anything is made of its bytes.
const (
	MaxPacket = 16 << 20 // bytes
	MaxField  = 64 << 10 // bytes of one field
	MaxNames  = 256      // rooms or users of one packet
	MaxIDs    = 1024     // connections, and as many exceptions
)

// Kind is what a packet is about.
type Kind uint8

// The kinds. The first four concern a target, which Target, Names and IDs name.
// With a Request they are answered, as a Question is: by how many connections were
// concerned.
const (
	Push      Kind = iota + 1 // the payload is a text frame
	Join                      // of Room
	Leave                     // of Room
	Hangup                    // with Code and Reason
	Heartbeat                 // a node lives
	Bye                       // a node ends
	Question                  // to all nodes, and mostly about a target; Asks says which
	Answer                    // the payload, or a part of it

	// Who is present in a room, the only name: the payloads are package presence's.
	PresenceChange // of the sender's part, from Since to Version
	PresenceState  // all of it, or a part of that
	PresenceAsk    // for it
	PresenceDigest // the Version that it has

	kinds // one more than the last
)

// What a Question asks about the connections of its target.
const (
	AskCount   = 1 // how many there are: a uvarint
	AskMembers = 2 // which they are, Limit at most
	// AskPresence asks who is present in the room, by the name Presence: Limit people at
	// most.
	AskPresence = 3
)

// Target says whom a packet is for: what its names or ids are.
type Target uint8

// The targets.
const (
	ToAll   Target = 'a'
	ToRooms Target = 'r'
	ToUsers Target = 'u'
	ToConns Target = 'c'
)

// The fields' tags. Odd ones must be understood.
const (
	tagEnd      = 0
	tagTarget   = 1  // a byte
	tagEvent    = 2  // for logs and the Observer
	tagNames    = 3  // uvarint count; uvarint length and bytes of each
	tagSent     = 4  // uvarint: Unix milliseconds
	tagPlace    = 5  // uvarint: which of the names this copy is for
	tagTrace    = 6  // traceparent
	tagIDs      = 7  // 8 bytes each, big endian
	tagNodeName = 8  // of the sender, for people
	tagExcept   = 9  // as tagIDs
	tagVersions = 10 // 3 bytes: lowest and highest layout, highest kind
	tagOverflow = 11 // a byte
	tagLoad     = 12 // uvarints: connections, rooms
	tagKey      = 13 // for coalescing
	tagBase     = 14 // uvarint: of the sender's connection ids; answers go to its channel
	tagRequest  = 15 // uvarint, not zero: an answer is wanted, or given
	tagState    = 16 // uvarint: bits of State
	tagRoom     = 17 // to join or leave
	tagBegan    = 18 // uvarint: Unix milliseconds
	tagClose    = 19 // 2 bytes, big endian, and a reason
	tagDeclared = 20 // no bytes: the event is one of a typed push
	tagLog      = 21 // of a push that the engine keeps: by what log
	tagPlaces   = 22 // uvarint length and bytes of each: where it is kept for the names before that of its place
	tagPart     = 23 // uvarint: number, times 2, plus 1 for the last
	tagAsks     = 25 // uvarint, not zero: which question
	tagRefusal  = 27 // no bytes: the question is not supported
	tagLimit    = 29 // uvarint: how much of an answer is wanted
	tagPresence = 31 // which one, of several that a room may have
	tagVersion  = 33 // uvarint: of the sender's part
	tagSince    = 35 // uvarint: what a change builds on
)

// mostOverflow is the last policy of package hub.
const mostOverflow = 3

// Which tags a packet of a kind may have, as bits.
const (
	anyTags    = 1<<tagSent | 1<<tagTrace
	keptTags   = 1<<tagLog | 1<<tagPlaces
	targetTags = anyTags | 1<<tagTarget | 1<<tagEvent | 1<<tagNames | 1<<tagPlace | 1<<tagIDs | 1<<tagExcept | 1<<tagOverflow | 1<<tagKey | 1<<tagDeclared | 1<<tagRequest | 1<<tagBase
	nodeTags   = anyTags | 1<<tagNodeName | 1<<tagVersions | 1<<tagLoad | 1<<tagBase | 1<<tagState | 1<<tagBegan
	askTags    = anyTags | 1<<tagRequest | 1<<tagAsks
	hereTags   = anyTags | 1<<tagTarget | 1<<tagNames | 1<<tagPlace | 1<<tagBase | 1<<tagPresence | 1<<tagVersion
)

// tags returns the tags of a kind. Of one that another release has, what a question
// would have is read, so that it can be answered.
func (k Kind) tags() uint64 {
	switch k {
	case Push:
		return targetTags | keptTags
	case Join, Leave:
		return targetTags | 1<<tagRoom
	case Hangup:
		return targetTags | 1<<tagClose
	case Heartbeat, Bye:
		return nodeTags
	case Answer:
		return askTags | 1<<tagPart | 1<<tagRefusal
	case PresenceChange:
		return hereTags | 1<<tagSince
	case PresenceState:
		return hereTags | 1<<tagPart
	case PresenceAsk, PresenceDigest:
		return hereTags
	default: // Question
		return askTags | targetTags | 1<<tagLimit | 1<<tagPresence
	}
}

// State is what a node says of itself in a heartbeat.
type State uint8

// The bits of a State.
const (
	Hello    State = 1 << iota // it has just begun, and asks the others for a heartbeat
	Draining                   // Shutdown has begun
	Guest                      // it is no member, and asks all the same
)

// Errors of a packet.
var (
	// ErrMalformed is of bytes that no release sends.
	ErrMalformed = errors.New("cluster: malformed packet")
	// ErrUnknown is of a packet that another release may send, and this one does
	// not understand.
	ErrUnknown = errors.New("cluster: packet of a kind or with a field that this release does not know")
	// ErrTooMany is of a packet that would be beyond a bound.
	ErrTooMany = errors.New("cluster: too many names or ids for a packet")
)

// Packet is a packet to be sent. What the kind has no use for stays zero.
type Packet[ID ~uint64] struct {
	Kind Kind
	From uint64 // id of the sending node

	Target Target
	Names  []string // rooms or users
	Place  int      // the index in Names that this copy is for: a union has one for each
	IDs    []ID
	Except []ID

	Event    string
	Declared bool // Event is one of a typed push, and so may be a label of metrics
	Trace    string
	Key      string
	Overflow uint8
	Sent     int64 // Unix milliseconds

	Log    string   // of a push that the engine keeps; "" for others
	Places []string // where it is kept for the names before Place, as clients are told it

	Room   string
	Code   uint16 // of a Close frame
	Reason string

	NodeName           string
	Base               uint32
	Lowest, Highest    uint8 // layouts
	HighestKind        Kind
	Connections, Rooms uint64
	State              State
	Began              int64 // Unix milliseconds

	Request uint64 // an answer is wanted, on the channel of Base; or this is one
	Asks    uint64
	Part    uint64 // the number of a part of an answer
	Last    bool   // it is the last one
	Refusal bool   // the question is not supported; this is all of the answer
	Limit   uint64 // of what is asked for

	Presence       string
	Version, Since uint64

	Payload []byte
}

// Append appends the packet's bytes. It fails with ErrTooMany beyond a bound, and
// returns to as it was then.
func (p *Packet[ID]) Append(to []byte) ([]byte, error) {
	namesSize := uvarintSize(uint64(len(p.Names)))
	for _, n := range p.Names {
		namesSize += uvarintSize(uint64(len(n))) + len(n)
	}
	start := len(to)
	if len(p.Names) > MaxNames || max(namesSize, placesSize(p.Places), len(p.Log)) > MaxField || len(p.IDs) > MaxIDs || len(p.Except) > MaxIDs ||
		max(len(p.Event), len(p.Trace), len(p.Key), len(p.Room), len(p.Reason)+2, len(p.NodeName), len(p.Presence)) > MaxField {
		return to, ErrTooMany
	}
	w := append(to, magic, layout, byte(p.Kind), 0)
	w = binary.BigEndian.AppendUint64(w, p.From)
	switch p.Kind {
	case Push, Join, Leave, Hangup, Question:
		w = p.appendTarget(w, namesSize)
		w = appendIDs(w, tagIDs, p.IDs)
		w = appendIDs(w, tagExcept, p.Except)
		w = p.appendHow(w)
		w = appendNumber(w, tagBase, uint64(p.Base))
		w = appendNumber(w, tagRequest, p.Request)
		if p.Kind == Question {
			w = appendNumber(w, tagAsks, p.Asks)
			w = appendNumber(w, tagLimit, p.Limit)
			w = appendText(w, tagPresence, p.Presence)
		}
	case Heartbeat, Bye:
		w = p.appendNode(w)
	case Answer:
		w = p.appendAnswer(w)
	default:
		w = p.appendPresence(p.appendTarget(w, namesSize))
	}
	w = appendText(w, tagTrace, p.Trace)
	w = appendNumber(w, tagSent, uint64(p.Sent))
	w = append(w, tagEnd)
	w = append(w, p.Payload...)
	if len(w)-start > MaxPacket {
		return to, ErrTooMany
	}
	return w, nil
}

// appendTarget appends whom a packet is for.
func (p *Packet[ID]) appendTarget(w []byte, namesSize int) []byte {
	if p.Target != 0 {
		w = append(w, tagTarget, 1, byte(p.Target))
	}
	if len(p.Names) > 0 {
		w = append(w, tagNames)
		w = binary.AppendUvarint(w, uint64(namesSize))
		w = binary.AppendUvarint(w, uint64(len(p.Names)))
		for _, n := range p.Names {
			w = binary.AppendUvarint(w, uint64(len(n)))
			w = append(w, n...)
		}
	}
	return appendNumber(w, tagPlace, uint64(p.Place))
}

// appendPresence appends what else a packet has about who is present.
func (p *Packet[ID]) appendPresence(w []byte) []byte {
	w = binary.AppendUvarint(append(w, tagPresence), uint64(len(p.Presence)))
	w = append(w, p.Presence...)
	w = appendNumber(w, tagBase, uint64(p.Base))
	w = appendNumber(w, tagVersion, p.Version)
	w = appendNumber(w, tagSince, p.Since)
	if p.Kind == PresenceState {
		w = p.appendPart(w)
	}
	return w
}

// appendHow appends what else a packet with a target has.
func (p *Packet[ID]) appendHow(w []byte) []byte {
	w = appendText(w, tagEvent, p.Event)
	w = appendText(w, tagKey, p.Key)
	if p.Declared {
		w = append(w, tagDeclared, 0)
	}
	if p.Overflow != 0 {
		w = append(w, tagOverflow, 1, p.Overflow)
	}
	w = appendText(w, tagLog, p.Log)
	if len(p.Places) > 0 {
		w = append(w, tagPlaces)
		w = binary.AppendUvarint(w, uint64(placesSize(p.Places)))
		for _, at := range p.Places {
			w = binary.AppendUvarint(w, uint64(len(at)))
			w = append(w, at...)
		}
	}
	if p.Kind == Join || p.Kind == Leave {
		w = append(w, tagRoom)
		w = binary.AppendUvarint(w, uint64(len(p.Room)))
		w = append(w, p.Room...)
	}
	if p.Kind == Hangup {
		w = append(w, tagClose)
		w = binary.AppendUvarint(w, uint64(2+len(p.Reason)))
		w = binary.BigEndian.AppendUint16(w, p.Code)
		w = append(w, p.Reason...)
	}
	return w
}

// placesSize returns how many bytes the field of places has.
func placesSize(places []string) (size int) {
	for _, at := range places {
		size += uvarintSize(uint64(len(at))) + len(at)
	}
	return size
}

// appendNode appends what a node says of itself.
func (p *Packet[ID]) appendNode(w []byte) []byte {
	w = appendText(w, tagNodeName, p.NodeName)
	w = append(w, tagVersions, 3, p.Lowest, p.Highest, byte(p.HighestKind))
	w = append(w, tagLoad, byte(uvarintSize(p.Connections)+uvarintSize(p.Rooms)))
	w = binary.AppendUvarint(w, p.Connections)
	w = binary.AppendUvarint(w, p.Rooms)
	w = appendNumber(w, tagBase, uint64(p.Base))
	w = appendNumber(w, tagState, uint64(p.State))
	return appendNumber(w, tagBegan, uint64(p.Began))
}

// appendAnswer appends what an answer has.
func (p *Packet[ID]) appendAnswer(w []byte) []byte {
	w = appendNumber(w, tagRequest, p.Request)
	w = appendNumber(w, tagAsks, p.Asks)
	w = p.appendPart(w)
	if p.Refusal {
		w = append(w, tagRefusal, 0)
	}
	return w
}

// appendPart appends which part a packet is, of something long.
func (p *Packet[ID]) appendPart(w []byte) []byte {
	part := p.Part << 1
	if p.Last {
		part |= 1
	}
	w = append(w, tagPart, byte(uvarintSize(part)))
	return binary.AppendUvarint(w, part)
}

// Split calls send with p as each part of an answer, in their order, until it
// returns false. A part has most bytes at most. It reports whether send took all.
func (p *Packet[ID]) Split(answer []byte, most int, send func(*Packet[ID]) bool) bool {
	for p.Part, p.Last = 0, false; ; p.Part++ {
		n := min(len(answer), most)
		p.Payload, answer = answer[:n], answer[n:]
		p.Last = len(answer) == 0
		if !send(p) {
			return false
		}
		if p.Last {
			return true
		}
	}
}

// appendText appends a field, unless it is empty.
func appendText(w []byte, tag byte, text string) []byte {
	if text == "" {
		return w
	}
	w = append(w, tag)
	w = binary.AppendUvarint(w, uint64(len(text)))
	return append(w, text...)
}

// appendNumber appends a field, unless it is zero.
func appendNumber(w []byte, tag byte, n uint64) []byte {
	if n == 0 {
		return w
	}
	w = append(w, tag, byte(uvarintSize(n)))
	return binary.AppendUvarint(w, n)
}

// appendIDs appends a field, unless it is empty.
func appendIDs[ID ~uint64](w []byte, tag byte, ids []ID) []byte {
	if len(ids) == 0 {
		return w
	}
	w = append(w, tag)
	w = binary.AppendUvarint(w, uint64(8*len(ids)))
	for _, id := range ids {
		w = binary.BigEndian.AppendUint64(w, uint64(id))
	}
	return w
}

// uvarintSize returns how many bytes n takes as a uvarint.
func uvarintSize(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }
