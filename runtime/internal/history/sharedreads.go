package history

import (
	"context"
	"sync"
	"time"
)

// sharedReads has those who need the same messages read them once, all together: a
// crowd whose node has ended comes back with one position.
type sharedReads struct {
	mu sync.Mutex
	by map[readAt]*sharedRead // guarded by mu; those that are under way
}

// readAt is what is read.
type readAt struct {
	key   Key
	after Position
}

// sharedRead is a read that is under way.
type sharedRead struct {
	done chan struct{} // closed at its end
	page *Page
	err  error
}

// chasePage is how many messages a follower reads at once, and readTime how long it
// waits for them.
const (
	chasePage = 64
	readTime  = 5 * time.Second
)

// begin returns the read of a history after a position, and whether the caller is the
// one to carry it out, and to end it.
func (s *sharedReads) begin(at readAt) (read *sharedRead, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if read := s.by[at]; read != nil {
		return read, false
	}
	read = &sharedRead{done: make(chan struct{})}
	s.by[at] = read
	return read, true
}

// end tells all who wait.
func (s *sharedReads) end(at readAt, read *sharedRead) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, at)
	close(read.done)
}

// page reads what a follower lacks, with all others who lack the same. At most
// RemoteOptions.CatchUps are read at a time.
func (r *remotes[P]) page(k Key, after Position) (*Page, error) {
	at := readAt{k, after}
	read, mine := r.shared.begin(at)
	if !mine {
		select {
		case <-read.done:
			return read.page, read.err
		case <-r.ctx.Done():
			return nil, r.ctx.Err()
		}
	}
	defer r.shared.end(at, read)
	select {
	case r.catchUps <- struct{}{}:
		defer func() { <-r.catchUps }()
	case <-r.ctx.Done():
		read.err = r.ctx.Err()
		return nil, read.err
	}
	found, err := r.find(k, after, chasePage)
	if err != nil {
		read.err = err
		return nil, err
	}
	page := &Page{Epoch: found.Epoch, Top: found.Top, Complete: found.Complete}
	for _, a := range found.Arrivals {
		page.Entries = append(page.Entries, a.Entry)
	}
	read.page = page
	return page, nil
}

// find reads from the engine. Of a page that is complete each message follows on the
// one before it.
func (r *remotes[P]) find(k Key, after Position, limit int) (Found, error) {
	ctx, cancel := context.WithTimeout(r.ctx, readTime)
	defer cancel()
	found, err := r.engine.Read(ctx, k, after, limit)
	if err != nil || !found.Complete {
		return found, err
	}
	prev := after.Offset
	for _, a := range found.Arrivals {
		a.Entry.Prev, prev = prev, a.Entry.Offset
	}
	return found, nil
}
