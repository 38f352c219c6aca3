package ws

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// sessionKey is what a session is found by: a part of the SHA-256 of its sid,
// which is kept nowhere. The zero key is of none.
type sessionKey [16]byte

// keyOf returns the key of a sid.
func keyOf(sid string) sessionKey {
	sum := sha256.Sum256([]byte(sid))
	return sessionKey(sum[:])
}

// sessions are the sessions of a Server that can be resumed.
type sessions struct {
	mu   sync.Mutex
	by   sessionIndex // guarded by mu
	away list.List    // guarded by mu; those without a socket, the oldest first
	shut bool         // guarded by mu; no other may lose its socket and stay

	resumed, unresumed atomic.Uint64
}

// add makes a session known by its entry, which must not change from now on.
func (ss *sessions) add(e *sessionEntry) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.by.add(e)
}

// find returns the session of a sid; nil if there is none.
func (ss *sessions) find(sid string) owner {
	key := keyOf(sid)
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if e := ss.by.get(&key); e != nil {
		return e.client.owner()
	}
	return nil
}

// forget takes a session out, if it is known.
func (ss *sessions) forget(e *sessionEntry) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.by.remove(e)
}

// part notes a session that has lost its socket, unless Shutdown has begun. If that
// is one more than most it returns the oldest, which is not among them any more: of
// many that come at once each has to end another.
func (ss *sessions) part(s owner, most int) (place *list.Element, oldest owner) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.shut {
		return nil, nil
	}
	place = ss.away.PushBack(s)
	if ss.away.Len() > most {
		oldest = ss.away.Remove(ss.away.Front()).(owner)
	}
	return place, oldest
}

// back takes part back. The session may have made room already.
func (ss *sessions) back(place *list.Element) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.away.Remove(place)
}

// detached returns how many have no socket.
func (ss *sessions) detached() int {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.away.Len()
}

// shutDown has no other session stay without a socket, and returns those that do.
func (ss *sessions) shutDown() (all []owner) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.shut = true
	for e := ss.away.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(owner))
	}
	return all
}
