package history

import (
	"container/list"
	"slices"
	"sync"
)

// recents are the newest messages of the histories that are followed here, so that who
// comes back after a moment need not have them read. The histories that were not asked
// for longest lose theirs first. Its lock is taken last, and by its methods alone.
type recents struct {
	most int // bytes

	mu      sync.Mutex
	order   list.List // guarded by mu; of *recent that have messages, the least used first
	bytes   int       // guarded by mu
	entries int       // guarded by mu
}

// maxRecent is how many messages of one history are remembered.
const maxRecent = 64

// recent are those of one history: without a gap up to its end.
type recent struct {
	list  []*Entry      // guarded by recents.mu; oldest first
	bytes int           // guarded by recents.mu
	place *list.Element // guarded by recents.mu; nil: it has none
}

// add remembers a message that follows on those that are there.
func (r *recents) add(of *recent, e *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(of.list) == maxRecent {
		r.weigh(of, -of.list[0].weight())
		of.list = slices.Delete(of.list, 0, 1)
		r.entries--
	}
	of.list = append(of.list, e)
	r.entries++
	r.weigh(of, e.weight())
	r.use(of)
	for r.bytes > r.most {
		r.drop(r.order.Front().Value.(*recent))
	}
}

func (r *recents) weigh(of *recent, n int) {
	of.bytes += n
	r.bytes += n
}

// use puts a history behind all others. The caller holds mu.
func (r *recents) use(of *recent) {
	if of.place == nil {
		of.place = r.order.PushBack(of)
	} else {
		r.order.MoveToBack(of.place)
	}
}

// after returns what is remembered after an offset, at most limit, and whether that is
// all there is.
func (r *recents) after(of *recent, offset uint64, limit int) (entries []*Entry, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(of.list) == 0 || of.list[0].Prev > offset {
		return nil, false
	}
	r.use(of)
	first, _ := slices.BinarySearchFunc(of.list, offset, func(e *Entry, offset uint64) int {
		if e.Offset <= offset {
			return -1
		}
		return 1
	})
	behind := of.list[first:]
	return slices.Clone(behind[:min(limit, len(behind))]), true
}

// forget forgets all of a history.
func (r *recents) forget(of *recent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if of.place != nil {
		r.drop(of)
	}
}

// drop is forget for a caller that holds mu, and for a history that has messages.
func (r *recents) drop(of *recent) {
	r.order.Remove(of.place)
	r.entries -= len(of.list)
	r.weigh(of, -of.bytes)
	of.list, of.place = nil, nil
}

// size returns how much there is.
func (r *recents) size() (entries, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.entries, r.bytes
}
