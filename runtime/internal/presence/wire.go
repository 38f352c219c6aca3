package presence

import (
	"encoding/binary"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// This file is about the items of a Message. Those of a Change and a State are one
// behind the other:
//
//	1, connection (8 bytes, big endian), uvarint length and bytes of the key, and of the meta
//	2, connection                        which is not present any more; in a Change only
//
// Those of an Ask are nodes (8 bytes, big endian), each with the version that is known
// of it (a uvarint).
const (
	isThere = 1
	isGone  = 2
)

// maxItem is how long an item may be.
const maxItem = 1 + 8 + 2*binary.MaxVarintLen16 + MaxKey + MaxMeta

// item is one of a Change or State.
type item struct {
	Entry

	gone bool
}

// appendEntry appends the item of an entry.
func appendEntry(to []byte, e Entry) []byte {
	to = binary.BigEndian.AppendUint64(append(to, isThere), e.Conn)
	to = append(binary.AppendUvarint(to, uint64(len(e.Key))), e.Key...)
	return append(binary.AppendUvarint(to, uint64(len(e.Meta))), e.Meta...)
}

// appendGone appends the item of a connection that is not present any more.
func appendGone(to []byte, conn uint64) []byte {
	return binary.BigEndian.AppendUint64(append(to, isGone), conn)
}

// appendKnown appends what is known of a node.
func appendKnown(to []byte, node, version uint64) []byte {
	return binary.AppendUvarint(binary.BigEndian.AppendUint64(to, node), version)
}

// sound reports whether a node may send a message.
func sound(m *Message) bool {
	switch m.Kind {
	case Change:
		return m.Version > m.Since && soundItems(m.Items, true)
	case State:
		return soundItems(m.Items, false)
	case Ask:
		return soundKnown(m.Items)
	case Digest:
		return len(m.Items) == 0
	}
	return false
}

// soundItems reports whether items are whole and within their bounds, and what is told
// of connections is JSON: it becomes a part of frames as it is.
func soundItems(b []byte, mayGo bool) bool {
	for len(b) > 0 {
		i, rest, ok := nextItem(b)
		if !ok || i.gone && !mayGo || !i.gone && !(json.Valid(i.meta) && utf8.Valid(i.meta)) {
			return false
		}
		b = rest
	}
	return true
}

// view is an item whose texts are parts of the items.
type view struct {
	conn      uint64
	key, meta []byte
	gone      bool
}

// nextItem cuts the next item off.
func nextItem(b []byte) (i view, rest []byte, ok bool) {
	if len(b) < 9 || b[0] != isThere && b[0] != isGone {
		return view{}, nil, false
	}
	i.gone, i.conn = b[0] == isGone, binary.BigEndian.Uint64(b[1:])
	if b = b[9:]; i.gone {
		return i, b, true
	}
	if i.key, b, ok = nextText(b, MaxKey); !ok {
		return view{}, nil, false
	}
	i.meta, b, ok = nextText(b, MaxMeta)
	return i, b, ok
}

// nextText cuts a text off that has its length in front.
func nextText(b []byte, most uint64) (text, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > most || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n : n+int(size)], b[n+int(size):], true
}

// each yields the items, which must be sound.
func each(items []byte) iter.Seq[item] {
	return func(yield func(item) bool) {
		for b := items; len(b) > 0; {
			i, rest, ok := nextItem(b)
			if !ok || !yield(item{Entry{i.conn, string(i.key), string(i.meta)}, i.gone}) {
				return
			}
			b = rest
		}
	}
}

// entriesOf returns the entries among the items, which must be sound.
func entriesOf(items []byte) (all []Entry) {
	for i := range each(items) {
		if !i.gone {
			all = append(all, i.Entry)
		}
	}
	return all
}

// soundKnown reports whether the items of an Ask are whole, and not too many.
func soundKnown(b []byte) bool {
	for n := 0; len(b) > 0; n++ {
		if len(b) < 9 || n == maxNodes {
			return false
		}
		_, k := binary.Uvarint(b[8:])
		if k <= 0 {
			return false
		}
		b = b[8+k:]
	}
	return true
}

// known returns what an Ask says that is known of a node.
func known(items []byte, node uint64) (version uint64, listed bool) {
	for b := items; len(b) > 8; {
		version, k := binary.Uvarint(b[8:])
		if k <= 0 {
			return 0, false
		}
		if binary.BigEndian.Uint64(b) == node {
			return version, true
		}
		b = b[8+k:]
	}
	return 0, false
}

// AppendEntry appends an entry, as ReadEntries reads it.
func AppendEntry(to []byte, e Entry) []byte { return appendEntry(to, e) }

// ReadEntries reads what AppendEntry has written, and nothing else.
func ReadEntries(b []byte) (all []Entry, ok bool) {
	if !soundItems(b, false) {
		return nil, false
	}
	return entriesOf(b), true
}
