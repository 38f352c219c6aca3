package history

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// watch is which tails have to be looked at: their ends are asked for, since nothing
// follows on a message that was lost as the last one. One goroutine does that, in
// batches; it begins with the first tail. Its lock is taken last.
type watch[P Peer] struct {
	mu      sync.Mutex
	due     []looked[P]           // guarded by mu
	queued  map[*tail[P]]struct{} // guarded by mu; those of due
	unsure  []looked[P]           // guarded by mu; what is kept may not come yet: looked at once more
	sure    time.Time             // guarded by mu; when that is
	idle    []leaves[P]           // guarded by mu; nobody follows them, about in order
	missed  map[string]struct{}   // guarded by mu; channels on which messages were lost
	all     bool                  // guarded by mu; on any, or the link was down
	running bool                  // guarded by mu; the goroutine has begun
	wake    chan struct{}         // there is something to do
	upped   chan struct{}         // the link works again
}

// looked is a tail that is to be looked at.
type looked[P Peer] struct {
	tail    *tail[P]
	channel string
}

// leaves is a tail that nobody follows.
type leaves[P Peer] struct {
	tail *tail[P]
	at   time.Time // when it may be shut
}

const (
	lookEvery   = 30 * time.Second // a fifth more or less
	unsureEvery = time.Second
	lookBatch   = 500
	maxMissed   = 1024 // channels that are remembered; of more, all
	// Tails are not looked at in the moment in which the link works again, since all
	// nodes would do that: this much later for each of them, at most.
	spreadEach = 4 * time.Millisecond
	spreadMost = 2 * time.Second
)

// look has a tail looked at soon.
func (t *Tails[P]) look(x *tail[P], channel string) {
	w := &t.remote.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(looked[P]{x, channel})
	if !w.running {
		w.running = true
		go t.watchOver()
	}
	w.look()
}

// add queues a tail, once. The caller holds mu.
func (w *watch[P]) add(l looked[P]) {
	if _, is := w.queued[l.tail]; !is {
		w.queued[l.tail] = struct{}{}
		w.due = append(w.due, l)
	}
}

// look wakes the goroutine.
func (w *watch[P]) look() { signal(w.wake) }

// signal makes a channel of one place full.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Up says that the link to the engine works, and may have been down before: messages
// may have been missed.
func (t *Tails[P]) Up() {
	w := &t.remote.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = true
	w.look()
	signal(w.upped)
}

// Missed says that messages were lost on the way from the engine: of these channels
// or, if none is named, of any.
func (t *Tails[P]) Missed(channels []string) {
	w := &t.remote.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(channels) == 0 || len(w.missed)+len(channels) > maxMissed {
		w.all = true
	}
	if !w.all {
		for _, c := range channels {
			w.missed[c] = struct{}{}
		}
	}
	w.look()
}

// lingers notes that nobody follows a tail any more. The caller holds its lock.
func (t *Tails[P]) lingers(x *tail[P]) {
	x.remote.shuts = time.Now().Add(t.remote.o.Linger)
	t.idles(x)
}

// idles queues a tail to be shut later, once however often it is left. The caller holds
// its lock.
func (t *Tails[P]) idles(x *tail[P]) {
	if x.remote.idle {
		return
	}
	x.remote.idle = true
	w := &t.remote.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.idle = append(w.idle, leaves[P]{x, x.remote.shuts}); len(w.idle) == 1 {
		w.look()
	}
}

// watchOver looks at tails, until Close.
func (t *Tails[P]) watchOver() {
	w, ctx := &t.remote.watch, t.remote.ctx
	next, pause := time.Now().Add(lookInterval()), shortPause
	for ctx.Err() == nil {
		if upped := t.gather(); upped && !t.spread() {
			return
		}
		if !time.Now().Before(next) {
			w.lookAtAll()
			next = time.Now().Add(lookInterval())
			continue
		}
		wait := t.tidy(time.Until(next))
		batch := w.take()
		switch {
		case len(batch) == 0:
			w.rest(ctx, wait)
		case t.askEnds(batch):
			pause = shortPause
		default: // the engine is not there, or slow
			w.back(batch)
			if !w.pause(ctx, pause) {
				return
			}
			pause = min(2*pause, longPause)
		}
	}
}

// lookInterval is how long it takes until all tails are looked at again.
func lookInterval() time.Duration { return lookEvery*4/5 + rand.N(lookEvery*2/5) }

// lookAtAll notes that all tails have to be looked at.
func (w *watch[P]) lookAtAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = true
}

// gather queues the tails that may have missed something. It reports whether that is
// since the link works again.
func (t *Tails[P]) gather() (upped bool) {
	w := &t.remote.watch
	w.mu.Lock()
	all, missed := w.all, w.missed
	if w.all = false; len(missed) > 0 {
		w.missed = make(map[string]struct{})
	}
	w.mu.Unlock()
	if !all && len(missed) == 0 {
		return false
	}
	followed := t.followed()
	rand.Shuffle(len(followed), func(i, j int) { followed[i], followed[j] = followed[j], followed[i] })
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range followed {
		if _, is := missed[l.channel]; all || is {
			w.add(l)
		}
	}
	select {
	case <-w.upped:
		return true
	default:
		return false
	}
}

// followed returns all tails that are heard.
func (t *Tails[P]) followed() (all []looked[P]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remote.index.RLock()
	defer t.remote.index.RUnlock()
	for _, x := range t.by {
		if x.remote != nil {
			all = append(all, looked[P]{x, x.remote.channel})
		}
	}
	return all
}

// spread waits a moment, which is longer if there is more to do. It returns false if
// there is nothing any more.
func (t *Tails[P]) spread() bool {
	w := &t.remote.watch
	w.mu.Lock()
	most := min(time.Duration(len(w.due))*spreadEach, spreadMost)
	w.mu.Unlock()
	return most == 0 || t.remote.pause(rand.N(most))
}

// take takes tails of one log to be looked at.
func (w *watch[P]) take() (batch []looked[P]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.due) == 0 {
		return nil
	}
	of := w.due[0].tail.key.Log
	w.due = slices.DeleteFunc(w.due, func(l looked[P]) bool {
		taken := l.tail.key.Log == of && len(batch) < lookBatch
		if taken {
			batch = append(batch, l)
			delete(w.queued, l.tail)
		}
		return taken
	})
	if len(w.due) == 0 {
		w.due = nil
	}
	return batch
}

// back queues again what could not be looked at.
func (w *watch[P]) back(batch []looked[P]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range batch {
		w.add(l)
	}
}

// askEnds asks for the ends of tails of one log. It returns false if there was no
// answer.
func (t *Tails[P]) askEnds(batch []looked[P]) bool {
	r := t.remote
	channels, live := make([]string, len(batch)), make([]bool, len(batch))
	for i, l := range batch {
		channels[i], live[i] = l.channel, r.engine.Live(l.channel)
	}
	ctx, cancel := context.WithTimeout(r.ctx, readTime)
	defer cancel()
	ends, err := r.engine.Ends(ctx, batch[0].tail.key.Log, channels)
	if err != nil || len(ends) != len(batch) {
		return false
	}
	for i, l := range batch {
		if ends[i].Epoch == "" { // it has not begun
			live[i] = false
		} else {
			t.ended(l.tail, ends[i])
		}
		if !live[i] {
			r.watch.doubt(l)
		}
	}
	return true
}

// doubt has a tail looked at once more, since messages may have been kept that do not
// come here yet.
func (w *watch[P]) doubt(l looked[P]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unsure = append(w.unsure, l); len(w.unsure) == 1 {
		w.sure = time.Now().Add(unsureEvery)
	}
}

// tidy shuts the tails that nobody has followed for a while, and queues those that are
// to be looked at once more. It returns how long there is nothing else to do, most at
// most.
func (t *Tails[P]) tidy(most time.Duration) time.Duration {
	idle, wait := t.remote.watch.over(most)
	for _, l := range idle {
		t.shut(l.tail)
	}
	return wait
}

// over takes what is to be shut, and queues what is to be looked at once more.
func (w *watch[P]) over(most time.Duration) (idle []leaves[P], wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	n := 0
	for n < len(w.idle) && !w.idle[n].at.After(now) {
		n++
	}
	idle = slices.Clone(w.idle[:n])
	if w.idle = slices.Delete(w.idle, 0, n); len(w.idle) > 0 {
		most = min(most, w.idle[0].at.Sub(now))
	} else {
		w.idle = nil
	}
	switch {
	case len(w.unsure) == 0:
	case w.sure.After(now):
		most = min(most, w.sure.Sub(now))
	default:
		for _, l := range w.unsure {
			w.add(l)
		}
		w.unsure = nil
	}
	return idle, most
}

// rest waits until there is something to do, or for as long as that.
func (w *watch[P]) rest(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-w.wake:
	case <-ctx.Done():
	case <-timer.C:
	}
}

// pause waits after a failure, until the link works again at most. It returns false
// after Close.
func (w *watch[P]) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(jitter(d))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.upped:
		signal(w.upped) // gather wants to know, too
	case <-ctx.Done():
		return false
	}
	return true
}
