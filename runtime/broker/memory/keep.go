package memory

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file keeps messages.

// errLost is why Links break when the engine has lost its newest messages.
var errLost = errors.New("memory: the engine has lost its newest messages")

// logName is a log of a cluster.
type logName struct{ cluster, log string }

// shelf is where messages of one channel are kept.
type shelf struct {
	logName
	channel string
}

// history is what is kept of one channel in one log.
type history struct {
	epoch   string // of the log
	last    uint64 // the last offset that was given, also to what is lost
	end     uint64 // the offset of the last message, also if it is not kept any more
	entries []entry
	keys    map[string]keyed
	sweep   int // how many keys there are when those are looked for whose time is over
}

// entry is a message.
type entry struct {
	d    broker.Delivery
	dies time.Time
}

// keyed is the message of a key.
type keyed struct {
	offset uint64
	dies   time.Time
}

var _ broker.Keeper = (*link)(nil)

// Declare implements broker.Keeper. There is nothing to be done: each call says what
// it wants of a log.
func (l *link) Declare(ctx context.Context, _ []broker.Log) error {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	return l.able(ctx)
}

// Keep implements broker.Keeper. It never waits.
func (l *link) Keep(ctx context.Context, batch []broker.Kept) []broker.Outcome {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]broker.Outcome, len(batch))
	for i := range batch {
		out[i] = l.keep(ctx, &batch[i])
	}
	return out
}

// keep keeps one message, and hands it to all who are subscribed. The caller holds
// mu, so everybody hears what is kept in the order of its positions.
func (l *link) keep(ctx context.Context, k *broker.Kept) broker.Outcome {
	switch err := l.able(ctx); {
	case err == broker.ErrClosed:
		return broker.Outcome{Err: err}
	case err != nil:
		return broker.Outcome{Err: errors.Join(broker.ErrUnavailable, err)}
	case len(k.Data) > MaxMessage:
		return broker.Outcome{Err: broker.ErrTooLarge}
	}
	b, now := l.node.broker, time.Now()
	h := b.history(shelf{logName{l.name, k.Log.Name}, k.Channel})
	if known, is := h.keys[k.Key]; is && now.Before(known.dies) {
		return broker.Outcome{At: broker.Position{Epoch: h.epoch, Offset: known.offset}, Duplicate: true}
	}
	h.expire(now)
	d := h.add(k, now)
	for _, to := range b.heard[place{l.name, k.Channel}] {
		if to.up {
			to.in.Put(d)
		}
	}
	return broker.Outcome{At: d.At}
}

// Read implements broker.Keeper. It never waits.
func (l *link) Read(ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error) {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := l.able(ctx); err != nil {
		return broker.Page{}, err
	}
	h := b.history(shelf{logName{l.name, log.Name}, channel})
	h.expire(time.Now())
	page := broker.Page{Epoch: h.epoch, Top: h.end}
	if after.Epoch != h.epoch {
		return page, nil
	}
	for _, e := range h.entries {
		if e.d.At.Offset > after.Offset && len(page.Entries) < max(limit, 1) {
			page.Entries = append(page.Entries, e.d)
		}
	}
	if len(page.Entries) > 0 {
		page.Complete = page.Entries[0].Prev <= after.Offset
	} else {
		page.Complete = h.end <= after.Offset
	}
	if page.Complete {
		page.Top = max(page.Top, after.Offset)
	}
	return page, nil
}

// Ends implements broker.Keeper. It never waits.
func (l *link) Ends(ctx context.Context, log broker.Log, channels []string) ([]broker.Position, error) {
	b := l.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := l.able(ctx); err != nil {
		return nil, err
	}
	out := make([]broker.Position, len(channels))
	for i, c := range channels {
		h := b.history(shelf{logName{l.name, log.Name}, c})
		out[i] = broker.Position{Epoch: h.epoch, Offset: h.end}
	}
	return out, nil
}

// able returns why nothing can be kept or read, or nil. The caller holds mu.
func (l *link) able(ctx context.Context) error {
	if err := l.ready(); err != nil {
		return err
	}
	return ctx.Err()
}

// ---- what the engine has

// Empty takes all kept messages away, as if somebody had emptied the engine or had
// deleted a stream. Each log begins anew, with another epoch. Nobody is told.
func (b *Broker) Empty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.epochs)
	clear(b.kept)
}

// Save remembers the kept messages. The function that it returns brings the engine
// back to them, as a restart does from an older state of the disk: what was kept
// since is gone, and all Links break for a moment.
func (b *Broker) Save() (restore func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	saved := make(map[shelf]history, len(b.kept))
	for at, h := range b.kept {
		saved[at] = history{end: h.end, entries: slices.Clone(h.entries)}
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for at, h := range b.kept {
			h.restore(saved[at])
		}
		for l := range b.links {
			if l.up {
				l.in.Down(errLost)
				l.in.Up()
			}
		}
	}
}

// history returns what is kept at a place, and makes it if it is not there. The
// caller holds mu.
func (b *Broker) history(at shelf) *history {
	h := b.kept[at]
	if h != nil {
		return h
	}
	epoch := b.epochs[at.logName]
	if epoch == "" {
		epoch = rand.Text()[:12]
		b.epochs[at.logName] = epoch
	}
	h = &history{epoch: epoch}
	b.kept[at] = h
	return h
}

// add appends a message, and drops the oldest if there are too many.
func (h *history) add(k *broker.Kept, now time.Time) broker.Delivery {
	d := broker.Delivery{
		Channel: k.Channel, Data: bytes.Clone(k.Data),
		At: broker.Position{Epoch: h.epoch, Offset: h.last + 1}, Prev: h.end,
	}
	h.last++
	h.end = h.last
	h.entries = append(h.entries, entry{d, now.Add(k.Log.TTL)})
	if more := len(h.entries) - max(k.Log.Size, 1); more > 0 {
		h.drop(more)
	}
	if k.Key != "" {
		h.know(k.Key, keyed{h.end, now.Add(broker.KeyTime)}, now)
	}
	return d
}

// restore brings back what there was. The offsets go on behind all that were given:
// those of what is lost are not given again.
func (h *history) restore(saved history) {
	h.end, h.entries = saved.end, slices.Clone(saved.entries)
	for key, k := range h.keys {
		if k.offset > h.end {
			delete(h.keys, key)
		}
	}
}

// know remembers a key, and forgets those whose time is over now and then.
func (h *history) know(key string, k keyed, now time.Time) {
	if h.keys == nil {
		h.keys = make(map[string]keyed)
	}
	h.keys[key] = k
	if len(h.keys) < h.sweep {
		return
	}
	for key, k := range h.keys {
		if !now.Before(k.dies) {
			delete(h.keys, key)
		}
	}
	h.sweep = max(2*len(h.keys), 1024)
}

// expire drops messages whose time is over.
func (h *history) expire(now time.Time) {
	n := 0
	for n < len(h.entries) && !now.Before(h.entries[n].dies) {
		n++
	}
	h.drop(n)
}

// drop drops the oldest messages.
func (h *history) drop(n int) {
	clear(h.entries[:n])
	h.entries = h.entries[n:]
}
