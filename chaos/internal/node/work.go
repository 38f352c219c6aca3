package node

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// worker does what a node does all the time.
type worker struct {
	config Config
	server *ws.Server
	push   ws.Push[Events]
	here   ws.Presence[string]
	churn  *churners
	scribe *scribe
	id     string

	calls, idle stopwatch
	control     control

	mu        sync.Mutex
	rate      int               // guarded by mu; pushes a second
	number    uint64            // guarded by mu
	last      map[string]uint64 // guarded by mu
	questions []Question        // guarded by mu
	waiting   int               // guarded by mu
	joins     atomic.Int64
	ends      chan struct{}
	runs      sync.WaitGroup
}

// keepQuestions is how many questions a report has.
const keepQuestions = 4000

func (w *worker) begin() {
	w.runs.Go(w.publish)
	w.runs.Go(w.ask)
	w.runs.Go(w.watch)
	w.runs.Go(func() { w.control.hold(w.ends) })
	w.scribe.begin()
	if w.config.Churn > 0 {
		w.runs.Go(w.joinAndLeave)
	}
	if w.config.Flood > 0 {
		w.runs.Go(w.flood)
	}
}

func (w *worker) end() {
	close(w.ends)
	w.runs.Wait()
}

// catchUp is how long a worker may have been held up to do later what it has not done.
// Beyond that it is lost, so that whatever holds it up is seen as a lower rate.
const catchUp = 100 * time.Millisecond

// every calls f so many times a second.
func (w *worker) every(rate func() int, f func()) {
	next := time.Now()
	for {
		n := rate()
		wait := 20 * time.Millisecond
		if n > 0 {
			wait = time.Second / time.Duration(n)
		}
		if next = next.Add(wait); time.Since(next) > catchUp {
			next = time.Now()
		}
		select {
		case <-w.ends:
			return
		case <-time.After(time.Until(next)):
		}
		if n > 0 {
			f()
		}
	}
}

// publish pushes to one stream after another: one in four to the node's own
// connections.
func (w *worker) publish() {
	t := newThread(w)
	defer t.close()
	k := 0
	w.every(w.rateNow, func() {
		k++
		i := k / 16
		switch k % 16 {
		case 0, 4, 8, 12:
			w.one(t, ToLocal, 0)
		case 1, 2, 3, 5, 6, 7:
			w.one(t, ToRoom, k)
		case 9, 10, 11:
			w.one(t, ToUnion, k)
		case 13, 14:
			w.one(t, ToUser, k+i)
		case 15:
			if !w.config.Crowd {
				w.one(t, ToAll, 0)
			}
			if w.config.Churn > 0 {
				w.one(t, ToChurn, 0)
			}
		}
	})
}

func (w *worker) rateNow() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rate
}

// one pushes once. Numbers are given and pushes made under one lock: without it the
// order of pushes is not that of their numbers.
func (w *worker) one(t *thread, kind Kind, i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rate == 0 {
		return
	}
	t.yardstick()
	push := w.next(kind, i)
	t.measure("push to "+string(kind), push)
}

// next makes the next push of a stream; the caller holds mu until it is done.
func (w *worker) next(kind Kind, i int) func() {
	var to Events
	switch kind {
	case ToRoom:
		i %= Rooms
		to = w.push.In(Room(i))
	case ToUnion:
		i %= Rooms
		to = w.push.In(Union(i)...)
	case ToUser:
		i %= Users
		to = w.push.Users(User(i))
	case ToAll:
		to = w.push.All()
	case ToLocal:
		to = w.push.In(Local(w.config.Name))
	case ToChurn:
		to = w.push.In(Churn)
	}
	stream := Stream(kind, i)
	w.number++
	w.last[stream]++
	line := Line{w.id, w.number, stream, w.last[stream]}.String()
	return func() { _, _ = to.N(line) }
}

// set changes the rate. With none, a last push goes to each stream, so that whoever
// has not got it has lost something.
func (w *worker) set(rate int) {
	if rate == 0 {
		w.scribe.rate.Store(0)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rate == rate {
		return
	}
	if w.rate = rate; rate > 0 {
		return
	}
	for i := range Rooms {
		w.next(ToRoom, i)()
		w.next(ToUnion, i)()
	}
	for i := range Users {
		w.next(ToUser, i)()
	}
	w.next(ToAll, 0)()
	w.next(ToLocal, 0)()
}

// patience is how long a question waits.
const patience = 2 * time.Second

// ask asks all nodes, all the time.
func (w *worker) ask() {
	for n := 0; ; n++ {
		select {
		case <-w.ends:
			return
		case <-time.After(100 * time.Millisecond):
		}
		q := Question{At: time.Now(), Limit: patience, Known: w.others()}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if n%2 == 0 {
			var r ws.Reached
			q.Counted = w.server.All().Across(ctx, &r).Count()
			q.Nodes, q.Missing = r.Nodes, names(r.Missing)
		} else {
			r := w.server.In(Room(n)).Members(ctx, 50)
			q.Missing, q.Counted = names(r.Missing), len(r.Items)
		}
		cancel()
		q.Took = time.Since(q.At)
		q.Since = w.others()
		w.mu.Lock()
		if w.questions = append(w.questions, q); len(w.questions) > keepQuestions {
			w.questions = w.questions[1:]
		}
		w.mu.Unlock()
	}
}

func names(ids []ws.NodeID) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id.String())
	}
	return all
}

func (w *worker) others() []string {
	var all []string
	for _, n := range w.server.Nodes()[1:] {
		all = append(all, n.ID.String())
	}
	return all
}

// watch notes how much waits for the engine.
func (w *worker) watch() {
	for {
		select {
		case <-w.ends:
			return
		case <-time.After(50 * time.Millisecond):
		}
		waiting := w.server.Stats().Cluster.Waiting
		w.mu.Lock()
		w.waiting = max(w.waiting, waiting)
		w.mu.Unlock()
	}
}

// joinAndLeave has a connection join and leave a room all the time, and tells it
// whether it is in: between out and in it may hear nothing of the room.
func (w *worker) joinAndLeave() {
	t := newThread(w)
	defer t.close()
	w.every(func() int { return w.config.Churn }, func() {
		c := w.churn.one()
		if c == nil {
			return
		}
		mark := w.push.Client(c)
		_, _ = mark.Mark("in")
		t.measure("join", func() { _ = c.Join(Churn) })
		w.joins.Add(1)
		t.measure("leave", func() { c.Leave(Churn) })
		_, _ = mark.Mark("out")
	})
}

// flood pushes more to those that read nothing than the system keeps for them.
func (w *worker) flood() {
	t := newThread(w)
	defer t.close()
	text := strings.Repeat("x", 8<<10)
	w.every(func() int { return w.config.Flood }, func() {
		t.measure("push to the deaf", func() { _, _ = w.push.In(Flood).First(text) })
	})
}
