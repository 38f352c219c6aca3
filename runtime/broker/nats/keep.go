package natsbroker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

const (
	keepWindow   = 1024            // messages of Keep that JetStream has not confirmed yet
	keepPatience = 5 * time.Second // how long Keep tries again what is certainly not kept
	keepPause    = 50 * time.Millisecond
)

var _ broker.Keeper = (*link)(nil)

// Keep implements broker.Keeper. It waits for the answers of JetStream.
func (l *link) Keep(ctx context.Context, batch []broker.Kept) []broker.Outcome {
	k := &keeping{l: l, batch: batch, out: make([]broker.Outcome, len(batch)), why: make(map[int]error), asks: make(map[int]bool)}
	todo := make([]int, 0, len(batch))
	for i := range batch {
		if len(batch[i].Data) > l.MaxMessage() {
			k.out[i].Err = broker.ErrTooLarge
			continue
		}
		todo = append(todo, i)
	}
	limit := time.Now().Add(keepPatience)
	for len(todo) > 0 {
		c := l.live.Load()
		if err := l.able(ctx, c); err != nil {
			k.fail(todo, err)
			break
		}
		k.offer(ctx, c, todo, limit)
		if todo = k.inOrder(todo); len(todo) == 0 {
			break
		}
		if time.Now().After(limit) || pause(ctx, c, keepPause) != nil {
			for _, i := range todo {
				k.fail([]int{i}, k.why[i])
			}
			break
		}
	}
	return k.out
}

// able returns why nothing can be asked, or nil.
func (l *link) able(ctx context.Context, c *conn) error {
	switch {
	case l.closing.Err() != nil:
		return broker.ErrClosed
	case c == nil:
		return broker.ErrDown
	}
	return ctx.Err()
}

// keeping is a call of Keep.
type keeping struct {
	l     *link
	batch []broker.Kept
	out   []broker.Outcome
	why   map[int]error // of those that may be tried again
	asks  map[int]bool  // of which it is only asked what became of them
}

// fail says that messages are not kept and why, which may be that nobody knows.
func (k *keeping) fail(which []int, err error) {
	switch {
	case err == broker.ErrClosed, err == broker.ErrTooLarge, errors.Is(err, broker.ErrUnsure):
	default:
		err = fmt.Errorf("%w: %w", broker.ErrUnavailable, err)
	}
	for _, i := range which {
		k.out[i] = broker.Outcome{Err: err}
		delete(k.why, i)
	}
}

// inOrder returns those messages that can be tried again: one behind which another of
// its channel was kept would come too late, and so has failed. Of one that somebody else
// was keeping it is asked where.
func (k *keeping) inOrder(todo []int) []int {
	if len(k.why) == 0 {
		return nil
	}
	type place struct{ log, channel string }
	last := make(map[place]int) // that is kept, or perhaps
	for i, m := range k.batch {
		if _, waits := k.why[i]; !waits && (k.out[i].Err == nil && !k.out[i].Duplicate || errors.Is(k.out[i].Err, broker.ErrUnsure)) {
			last[place{m.Log.Name, m.Channel}] = i
		}
	}
	rest := todo[:0]
	for _, i := range todo {
		err, waits := k.why[i]
		m := &k.batch[i]
		behind, is := last[place{m.Log.Name, m.Channel}]
		switch {
		case !waits:
		case is && behind > i && code(err) == codeSameInProcess:
			k.asks[i] = true
			rest = append(rest, i)
		case is && behind > i:
			k.fail([]int{i}, err)
		default:
			rest = append(rest, i)
		}
	}
	return rest
}

// offer publishes messages once. Each of them has an outcome then, or a reason why it
// may be tried again.
func (k *keeping) offer(ctx context.Context, c *conn, todo []int, limit time.Time) {
	before := maps.Clone(k.why)
	clear(k.why)
	asks, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	f := &flight{k: k, c: c, acks: make(chan ack, keepWindow), open: make(map[int]sent)}
	defer f.land(ctx)
	type answer struct {
		stream *stream
		facts  facts
		err    error
	}
	logs := make(map[string]*answer)
	for n, i := range todo {
		log := k.batch[i].Log
		known := logs[log.Name]
		if known == nil {
			known = &answer{stream: k.l.stream(log.Name)}
			known.facts, known.err = known.stream.get(asks, c, log, false)
			logs[log.Name] = known
		}
		err := known.err
		switch {
		case err == nil:
		case isForGood(err) || k.l.able(ctx, c) != nil || c.hasEnded():
			k.fail([]int{i}, err)
			continue
		default:
			k.why[i] = err
			if was := before[i]; was != nil && asks.Err() != nil {
				k.why[i] = was // and not that the time is over
			}
			continue
		}
		if len(f.open) == keepWindow {
			err = f.take(ctx)
		}
		if err == nil {
			err = f.send(ctx, known.stream, known.facts.epoch, i)
		}
		switch {
		case err == broker.ErrTooLarge:
			k.fail([]int{i}, err)
		case err != nil:
			k.fail(todo[n:], err)
			return
		}
	}
}

// flight are messages that were published and not confirmed yet.
type flight struct {
	k    *keeping
	c    *conn
	acks chan ack // has room for all that are open
	open map[int]sent
}

// ack is what JetStream says about a message.
type ack struct {
	i int
	m *nats.Msg
}

// sent is a message on its way.
type sent struct {
	number uint64 // of the call
	stream *stream
	epoch  string
}

// send publishes a message. With an error it has not left.
func (f *flight) send(ctx context.Context, s *stream, epoch string, i int) error {
	m := &f.k.batch[i]
	number := f.c.calls.expect(func(answer *nats.Msg) bool {
		f.acks <- ack{i, answer} // once for each that is open, so there is room
		return false
	})
	out := &nats.Msg{Subject: s.subject(epoch, m.Channel), Reply: f.c.calls.reply(number), Data: m.Data}
	if m.Key != "" {
		out.Header = nats.Header{"Nats-Msg-Id": {messageID(epoch, m.Channel, m.Key)}}
	}
	if f.k.asks[i] { // JetStream looks for the key first: the message is there, or it is refused
		out.Header["Nats-Expected-Last-Sequence"] = []string{strconv.Itoa(1 << 53)}
	}
	if err := f.c.send(ctx, out); err != nil {
		f.c.calls.forget(number)
		return err
	}
	f.open[i] = sent{number, s, epoch}
	return nil
}

// land waits until nothing is open any more.
func (f *flight) land(ctx context.Context) {
	for len(f.open) > 0 && f.take(ctx) == nil {
	}
}

// take waits for an answer. If there is none, nobody knows about any that is open, and
// it returns why.
func (f *flight) take(ctx context.Context) error {
	select {
	case a := <-f.acks:
		f.confirm(a)
		return nil
	default:
	}
	late := time.NewTimer(answering)
	defer late.Stop()
	var why error
	select {
	case a := <-f.acks:
		f.confirm(a)
		return nil
	case <-f.c.pipe.gone:
		why = broker.ErrDown
	case <-f.c.stop:
		why = broker.ErrDown
	case <-f.k.l.closing.Done():
		why = broker.ErrClosed
	case <-ctx.Done():
		why = ctx.Err()
	case <-late.C:
		why = errNoAnswer
	}
	for i, s := range f.open {
		f.c.calls.forget(s.number)
		f.k.fail([]int{i}, fmt.Errorf("%w: %w", broker.ErrUnsure, why))
	}
	clear(f.open)
	return why
}

// confirm reads what JetStream says about a message.
func (f *flight) confirm(a ack) {
	s, is := f.open[a.i]
	if !is {
		return // nobody waits for it any more
	}
	delete(f.open, a.i)
	var answer struct {
		Error     *apiError `json:"error"`
		Seq       uint64    `json:"seq"`
		Duplicate bool      `json:"duplicate"`
	}
	switch err := json.Unmarshal(a.m.Data, &answer); {
	case isNobody(a.m): // the stream has no leader now, or it is not this one
		s.stream.doubt()
		f.k.why[a.i] = fmt.Errorf("%w: stream %s", errNobody, s.stream.name)
	case err != nil || answer.Error == nil && (answer.Seq == 0 || answer.Seq > 1<<53):
		f.k.fail([]int{a.i}, fmt.Errorf("%w: natsbroker: an answer that is none of JetStream's: %.80q", broker.ErrUnsure, a.m.Data))
	case answer.Error == nil:
		at := broker.Position{Epoch: s.epoch, Offset: answer.Seq}
		f.k.out[a.i] = broker.Outcome{At: at, Duplicate: answer.Duplicate}
		if !answer.Duplicate {
			s.stream.keeps(at)
		}
	case answer.Error.ErrCode == codeSameInProcess: // one with this key is being kept
		f.k.why[a.i] = fmt.Errorf("%w: %w", broker.ErrUnsure, answer.Error)
	case answer.Error.ErrCode == codeNotLast && f.k.asks[a.i]: // whoever was keeping it has not
		f.k.fail([]int{a.i}, fmt.Errorf("%w: another was keeping a message with this key: %w", broker.ErrUnsure, answer.Error))
	default:
		f.k.fail([]int{a.i}, withRemedy(answer.Error))
	}
}
