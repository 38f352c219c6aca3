package hub

import (
	"maps"
	"slices"
)

// A member whose client has yet to say who it is counts like the others, and is
// not registered. Shutdown has to find it nevertheless.

// Await notes such a member, until Awaited. It returns false if Shut was called.
func (h *Hub) Await(m *Member) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	if h.awaiting == nil {
		h.awaiting = make(map[*Member]struct{})
	}
	h.awaiting[m] = struct{}{}
	return true
}

// Awaited takes Await back.
func (h *Hub) Awaited(m *Member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.awaiting, m)
}

// Awaiting returns the members that Await has noted. After Shut no other comes.
func (h *Hub) Awaiting() []*Member {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Keys(h.awaiting))
}
