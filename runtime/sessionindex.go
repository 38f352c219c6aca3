package ws

import "encoding/binary"

// sessionEntry is what a session is found by. It is a part of the session.
type sessionEntry struct {
	key    sessionKey
	client *Client // of the session
}

// sessionIndex finds sessions by key. It is a hash table of pointers into sessions,
// which hold their own keys, with linear probing: a Go map would repeat each key, and
// take three times the memory. It becomes smaller with the crowd. The zero value is
// empty. It is guarded by sessions.mu.
type sessionIndex struct {
	slots []*sessionEntry // a power of two, at most three quarters of them taken
	len   int
}

const minSessionIndex = 16

// home returns the slot where the search for a key begins. A key is a part of a hash
// of what the Server has drawn, so no client chooses it.
func (x *sessionIndex) home(key *sessionKey) int {
	return int(binary.LittleEndian.Uint64(key[:]) & uint64(len(x.slots)-1))
}

// find returns the slot of a key, or the free one where it belongs.
func (x *sessionIndex) find(key *sessionKey) int {
	i := x.home(key)
	for x.slots[i] != nil && x.slots[i].key != *key {
		i = (i + 1) & (len(x.slots) - 1)
	}
	return i
}

// get returns the entry of a key; nil: there is none.
func (x *sessionIndex) get(key *sessionKey) *sessionEntry {
	if x.len == 0 {
		return nil
	}
	return x.slots[x.find(key)]
}

// add adds an entry whose key is not in the index.
func (x *sessionIndex) add(e *sessionEntry) {
	if (x.len+1)*4 > len(x.slots)*3 {
		x.resize(max(2*len(x.slots), minSessionIndex))
	}
	x.slots[x.find(&e.key)] = e
	x.len++
}

// remove takes out an entry, if it is in the index. Those behind it that it had pushed
// off their place move up, so that no search ends before them.
func (x *sessionIndex) remove(e *sessionEntry) {
	if x.get(&e.key) != e {
		return
	}
	free := x.find(&e.key)
	mask := len(x.slots) - 1
	for i := (free + 1) & mask; x.slots[i] != nil; i = (i + 1) & mask {
		if home := x.home(&x.slots[i].key); (i-home)&mask >= (i-free)&mask {
			x.slots[free], free = x.slots[i], i
		}
	}
	x.slots[free] = nil
	x.len--
	if len(x.slots) > minSessionIndex && x.len*8 < len(x.slots) {
		x.resize(len(x.slots) / 2)
	}
}

func (x *sessionIndex) resize(n int) {
	old := x.slots
	x.slots = make([]*sessionEntry, n)
	for _, e := range old {
		if e != nil {
			x.slots[x.find(&e.key)] = e
		}
	}
}
