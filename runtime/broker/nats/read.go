package natsbroker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

const (
	mostRead  = 1 << 20 // bytes of a page, besides those of one message
	mostEnds  = 512     // channels in one question; JetStream answers 1024
	endsBytes = 4 << 20 // of one answer
	lagsTimes = 6       // how often what lags is asked again
	lagsPause = 5 * time.Millisecond
)

// errLags is why an answer is not believed: a server does not know all yet.
var errLags = errors.New("natsbroker: a server of JetStream lags behind the others")

// asking calls f with the connection, and again while a server lags. It makes what
// went wrong an error of the seam.
func (l *link) asking(ctx context.Context, f func(c *conn) error) error {
	wait := lagsPause
	for n := 1; ; n++ {
		c := l.live.Load()
		if err := l.able(ctx, c); err != nil {
			return err
		}
		err := f(c)
		switch {
		case err == nil:
			return nil
		case l.closing.Err() != nil:
			return broker.ErrClosed
		case ctx.Err() != nil:
			return ctx.Err()
		case c.hasEnded():
			return broker.ErrDown
		case !errors.Is(err, errLags) || n == lagsTimes:
			return fmt.Errorf("%w: %w", broker.ErrUnavailable, err)
		}
		if pause(ctx, c, wait) != nil {
			return l.outcome(ctx, c, err)
		}
		wait *= 2
	}
}

// Read implements broker.Keeper.
func (l *link) Read(ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (page broker.Page, err error) {
	err = l.asking(ctx, func(c *conn) (err error) {
		r := &reading{ctx: ctx, c: c, s: l.stream(log.Name), log: log, channel: channel, after: after}
		page, err = r.read(max(limit, 1))
		return err
	})
	return page, err
}

// reading is a call of Read or Ends.
type reading struct {
	ctx     context.Context
	c       *conn
	s       *stream
	log     broker.Log
	channel string
	after   broker.Position
	facts   facts
}

// know asks what is known of the stream.
func (r *reading) know(fresh bool) (err error) {
	r.facts, err = r.s.get(r.ctx, r.c, r.log, fresh)
	return err
}

// doubted returns err. If nobody has answered, the stream may be gone.
func (r *reading) doubted(err error) error {
	if errors.Is(err, errNobody) {
		r.s.doubt()
		return fmt.Errorf("%w: %w", errLags, err)
	}
	return err
}

func (r *reading) read(limit int) (broker.Page, error) {
	err := r.know(false)
	if err == nil && r.facts.epoch != r.after.Epoch {
		err = r.know(true)
	}
	if err != nil {
		return broker.Page{}, err
	}
	if r.facts.epoch != r.after.Epoch {
		return r.missing()
	}
	subject := r.s.subject(r.facts.epoch, r.channel)
	got, err := r.c.ofAny(r.ctx, r.s.name, question{
		Seq: r.after.Offset, Next: subject, Batch: limit + 1,
		MaxBytes: mostRead + int(r.c.nc.MaxPayload()), // so that one is there besides that of the position
	})
	if err != nil {
		return broker.Page{}, r.doubted(err)
	}
	all, prev := got.messages, uint64(0)
	if i := slices.IndexFunc(all, func(m stored) bool { return m.subject != subject }); i >= 0 {
		return broker.Page{}, fmt.Errorf("natsbroker: stream %s: %s was asked for, and there is %s", r.s.name, subject, all[i].subject)
	}
	if len(all) == 0 {
		if top := r.neverUpTo(subject); top > 0 {
			return broker.Page{Epoch: r.facts.epoch, Top: top, Complete: true}, nil
		}
	}
	if len(all) > 0 && all[0].seq == r.after.Offset {
		all, prev = all[1:], r.after.Offset // it is kept itself, so whatever came behind it is
	} else if certain, err := r.isComplete(subject, got); err != nil {
		return broker.Page{}, err
	} else if !certain {
		return r.missing()
	}
	page, err := r.page(subject, all, prev, limit, got.pending)
	if err == nil && len(all) == 0 && got.pending == 0 {
		page.Top = r.silentUpTo(subject, got)
	}
	return page, err
}

// page makes a page of what was found, which is complete.
func (r *reading) page(subject string, all []stored, prev uint64, limit, pending int) (broker.Page, error) {
	page := broker.Page{Epoch: r.facts.epoch, Top: r.after.Offset, Complete: true}
	more := pending > 0 || len(all) > limit
	for _, m := range all[:min(len(all), limit)] {
		page.Entries = append(page.Entries, broker.Delivery{
			Channel: r.channel, Data: m.data, At: broker.Position{Epoch: page.Epoch, Offset: m.seq}, Prev: prev,
		})
		prev, page.Top = m.seq, m.seq
	}
	if !more {
		return page, nil
	}
	end, err := r.c.ofAny(r.ctx, r.s.name, question{Last: subject})
	if err != nil {
		return broker.Page{}, r.doubted(err)
	}
	if len(end.messages) > 0 { // else all have aged out since
		page.Top = max(page.Top, end.messages[0].seq)
	}
	return page, nil
}

// silentUpTo returns up to where nothing was ever kept behind a position that is known to
// be complete, as any server knows it; that of the position if it is not known. It is
// asked if the position itself is not kept, or will be dropped before long.
func (r *reading) silentUpTo(subject string, got found) uint64 {
	if len(got.messages) > 0 && !r.isOld(got.messages[0]) {
		return r.after.Offset
	}
	last, err := r.c.ofAny(r.ctx, r.s.name, question{MultiLast: []string{subject}, MaxBytes: endsBytes})
	if err != nil || len(last.messages) != 1 || last.messages[0].seq > r.after.Offset || last.upTo < r.after.Offset {
		return r.after.Offset
	}
	// The channel's last message is there, and of a channel the oldest go first.
	r.s.tells(r.facts.epoch, last.upTo)
	return last.upTo
}

// isOld reports whether a message will be dropped before long, though not before
// somebody has asked for the ends of channels again. What is behind it has to be known
// then.
func (r *reading) isOld(m stored) bool {
	at, err := time.Parse(time.RFC3339Nano, m.time)
	return err == nil && time.Since(at) > r.facts.age/2
}

// neverUpTo returns the last sequence of a stream in which there is nothing of a channel,
// and that has dropped nothing behind the position; 0 if it is not so. One answer says all
// of it, so it is true of what the server knew that has given it. That is the leader,
// since other nodes have told positions that are its last sequence of some moment before,
// or less.
func (r *reading) neverUpTo(subject string) uint64 {
	before := r.s.seen()
	info, err := r.c.infoOn(r.ctx, r.s.name, subject)
	if err != nil {
		return 0 // whoever asks next finds out why
	}
	f, err := r.s.read(info)
	if err != nil || f.epoch != r.after.Epoch || r.s.hasLost(f, before) || len(info.State.Subjects) > 0 {
		return 0
	}
	if f.first > r.after.Offset+1 || r.after.Offset > f.last {
		return 0
	}
	r.s.tells(f.epoch, f.last)
	return f.last
}

// isComplete reports whether nothing is missing between a position that is not kept
// itself and what was found, which any server has said. Only the leader is believed
// that something is not there.
func (r *reading) isComplete(subject string, got found) (bool, error) {
	next, err := r.c.ofLeader(r.ctx, r.s.name, question{Seq: r.after.Offset, Next: subject})
	if err != nil {
		return false, r.doubted(err)
	}
	first := uint64(0)
	if len(got.messages) > 0 {
		first = got.messages[0].seq
	}
	if next != first || next == r.after.Offset && next > 0 {
		return false, errLags
	}
	if err := r.know(true); err != nil {
		return false, err
	}
	if r.facts.epoch != r.after.Epoch {
		return false, errLags
	}
	// What the stream has dropped for want of room or since it was old, was before its
	// first message. What was too much for a channel was before so many others of it.
	return r.facts.first <= r.after.Offset+1 && r.after.Offset <= r.facts.last && len(got.messages)+got.pending <= r.facts.least, nil
}

// missing makes the page that says that something is missing, or may be. The facts are
// fresh, so whatever the leader does not have now came behind them.
func (r *reading) missing() (broker.Page, error) {
	top, err := r.c.ofLeader(r.ctx, r.s.name, question{Last: r.s.subject(r.facts.epoch, r.channel)})
	if err != nil {
		return broker.Page{}, r.doubted(err)
	}
	if top == 0 {
		top = r.facts.last
	}
	return broker.Page{Epoch: r.facts.epoch, Top: top}, nil
}

// Ends implements broker.Keeper.
func (l *link) Ends(ctx context.Context, log broker.Log, channels []string) ([]broker.Position, error) {
	all := make([]broker.Position, 0, len(channels))
	for batch := range slices.Chunk(channels, mostEnds) {
		err := l.asking(ctx, func(c *conn) error {
			r := &reading{ctx: ctx, c: c, s: l.stream(log.Name), log: log}
			ends, err := r.ends(batch)
			if err == nil {
				all = append(all, ends...)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(channels) == 0 {
		return all, l.able(ctx, l.live.Load())
	}
	return all, nil
}

// ends returns the ends of channels. Where nothing is kept, or the last message is old,
// that is the last sequence which the server knew that says so: what comes is behind it.
func (r *reading) ends(channels []string) ([]broker.Position, error) {
	if err := r.know(false); err != nil {
		return nil, err
	}
	marked := r.mark()
	// One message of the stream is asked for with them, since JetStream does not say
	// what it knows if it finds nothing.
	last, err := r.c.ofAny(r.ctx, r.s.name, question{Last: r.s.subject(r.facts.epoch, ">")})
	if err != nil {
		return nil, r.doubted(err)
	}
	if len(last.messages) == 0 {
		return r.empty(channels)
	}
	subjects := make([]string, 0, len(channels))
	for _, c := range channels {
		subjects = append(subjects, r.s.subject(r.facts.epoch, c))
	}
	slices.Sort(subjects)
	there := last.messages[0].subject
	subjects = slices.DeleteFunc(slices.Compact(subjects), func(s string) bool { return s == there })
	subjects = slices.Insert(subjects, 0, there)
	ends, err := r.lastOf(subjects, marked)
	if err != nil {
		return nil, err
	}
	all := make([]broker.Position, len(channels))
	for i, c := range channels {
		all[i] = broker.Position{Epoch: r.facts.epoch, Offset: ends[r.s.subject(r.facts.epoch, c)]}
	}
	return all, nil
}

// lastOf returns the sequences of the last messages on subjects, of which there is one
// on the first. Each answer may be another server's, so only what one has said all of
// tells what is not there, and only one that has the last mark.
func (r *reading) lastOf(subjects []string, marked uint64) (map[string]uint64, error) {
	ends := make(map[string]uint64, len(subjects))
	for rest := subjects[1:]; ; {
		got, err := r.c.ofAny(r.ctx, r.s.name, question{MultiLast: append(subjects[:1:1], rest...), MaxBytes: endsBytes})
		if err != nil {
			return nil, r.doubted(err)
		}
		if len(got.messages) == 0 {
			return nil, errLags // the one that was there is gone
		}
		for _, m := range got.messages {
			if ends[m.subject] = m.seq; got.upTo > max(m.seq, marked) && r.isOld(m) {
				ends[m.subject] = got.upTo
				r.s.tells(r.facts.epoch, got.upTo)
			}
		}
		rest = slices.DeleteFunc(slices.Clone(rest), func(subject string) bool { return ends[subject] > 0 })
		if got.pending == 0 {
			if len(rest) > 0 && got.upTo < marked {
				return nil, errLags
			}
			for _, subject := range rest {
				ends[subject] = got.upTo
				r.s.tells(r.facts.epoch, got.upTo)
			}
			return ends, nil
		}
	}
}

// empty returns the ends of channels in a stream of which somebody has said that it
// has nothing in this epoch.
func (r *reading) empty(channels []string) ([]broker.Position, error) {
	epoch := r.facts.epoch
	if err := r.know(true); err != nil {
		return nil, err
	}
	last, err := r.c.ofLeader(r.ctx, r.s.name, question{Last: r.s.subject(epoch, ">")})
	if err != nil {
		return nil, r.doubted(err)
	}
	if last > 0 || r.facts.epoch != epoch {
		return nil, errLags
	}
	r.s.tells(epoch, r.facts.last)
	return slices.Repeat([]broker.Position{{Epoch: epoch, Offset: r.facts.last}}, len(channels)), nil
}
