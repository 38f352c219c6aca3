package wsclient

import (
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// session is what goes on over sockets (docs/reference/protocol.md, "Counting" and
// "Resuming").
type session struct {
	id      string   // its secret; "": it cannot be resumed
	had     uint64   // messages that count that have come
	acked   uint64   // messages that the server has
	unacked [][]byte // those behind them that were sent
	most    int      // the longest message that the server takes, in bytes; 0: it has not said
}

// sent notes a message that is about to be written, and returns its number, from 1.
func (s *session) sent(text []byte) uint64 {
	s.unacked = append(s.unacked, text)
	return s.acked + uint64(len(s.unacked))
}

// acknowledge forgets what the server has had.
func (s *session) acknowledge(seq uint64) {
	if seq <= s.acked {
		return
	}
	n := min(seq-s.acked, uint64(len(s.unacked)))
	clear(s.unacked[:n])
	s.acked += n
	if s.unacked = s.unacked[n:]; len(s.unacked) == 0 {
		s.unacked = s.unacked[:0]
	}
}

// connected opens the session. What the server has not had is sent again before
// anything new: a call that comes from OnState must not overtake it, or both ends
// would count differently. The caller holds mu.
func (l *link) connected(says *connectedData) {
	c := l.c
	l.open = true
	c.since, c.denied, c.retry, c.last = time.Now(), false, 0, nil
	if !says.Resumed {
		c.forgetSession()
		c.places.begin()
	}
	c.session.id, c.session.most = says.SID, says.MaxBytes
	c.session.acknowledge(says.Seq)
	l.again = append(l.again, c.session.unacked...)
	for _, x := range c.calls {
		if x.refresh {
			c.settle(x, nil, nil) // this link has brought a token
		} else if text := x.anew(); text != nil {
			l.control = append(l.control, text)
		}
	}
	l.count()
	if beat := milliseconds(says.HeartbeatMs); beat > 0 {
		l.beat = l.after(beat, func() bool { return l.look(beat) })
	}
	c.become(Open, nil)
	if tell := c.o.OnOpen; tell != nil {
		opened := Opened{Resumed: says.Resumed, Why: says.Why, Skew: says.Schema != "" && c.gateway.Contract != "" && says.Schema != c.gateway.Contract}
		c.tell(func() { tell(opened) })
	}
	c.work.Signal()
}

// forgetSession begins a new session: nobody knows what became of the calls of the
// one before. The caller holds mu.
func (c *Client) forgetSession() {
	c.session, c.replies = session{}, nil
	c.forgetQuestions()
	for _, x := range c.calls {
		if x.sent > 0 {
			c.settle(x, nil, ws.NewError(CodeDisconnected, "the session was lost with this call under way"))
		}
	}
}

// silence is how long a server may take to answer a $ping.
const silence = 10 * time.Second

// look asks the server for a sign of life when nothing has come for a while, and
// has the socket cut if none comes. The caller holds mu.
func (l *link) look(beat time.Duration) (cut bool) {
	silent := l.s.silent()
	switch {
	case l.over:
	case l.asked && silent >= silence:
		return l.lose(errSilent)
	case l.asked, silent < beat:
		l.asked = false
		l.beat.Reset(max(beat-silent, time.Millisecond))
	default:
		l.asked = true
		l.ask()
		l.beat.Reset(silence)
	}
	return false
}

// ask asks the server how many messages it has had, and whether it lives. The caller
// holds mu.
func (l *link) ask() {
	l.pinged = true
	l.put(own("$ping", seqData{l.c.session.had}))
}

// count asks the server how many messages it has had, if it has not acknowledged many
// and was not asked. The caller holds mu.
func (l *link) count() {
	if len(l.c.session.unacked) >= askAt && !l.pinged {
		l.ask()
	}
}

// drained leaves a server that has asked for it, when nothing is under way: neither a
// question, nor a call, also one that nobody waits for any more. The caller holds mu.
func (c *Client) drained() {
	l := c.link
	if l == nil || !l.drains || !l.open || l.bye != nil || len(c.asked) > 0 || len(c.replies) > 0 {
		return
	}
	for _, x := range c.calls {
		if x.sent > 0 || x.of == l {
			return
		}
	}
	c.leave(ws.CloseReturning)
}
