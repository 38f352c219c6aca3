package hub

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// peer is a Keeper that does nothing.
type peer struct {
	member   Member
	overflow Overflow
}

func (p *peer) Received(_ bool, _ []byte, done io.Closer) { _ = done.Close() }
func (p *peer) Slow(time.Duration, bool)                  {}
func (p *peer) Resting()                                  {}
func (p *peer) Unsound(*frame.Error)                      {}
func (p *peer) Dead()                                     {}
func (p *peer) Failed(*steady.Failure)                    {}
func (p *peer) Closing(*socket.Cause)                     {}
func (p *peer) Due() time.Duration                        { return socket.Never }
func (p *peer) TimeUp(time.Duration)                      {}
func (p *peer) Ended()                                    {}
func (p *peer) Released()                                 {}
func (p *peer) Overflow() Overflow                        { return p.overflow }

// frames is how many frames an outbox of a test may hold.
const frames = 256

// maker makes the members of one Hub.
type maker struct {
	hub     *Hub
	engine  *socket.Engine
	profile *socket.Profile
	near    net.Conn
	last    uint64
}

func newMaker(tb testing.TB) *maker {
	tb.Helper()
	e := socket.NewEngine(1 << 30)
	near, far := net.Pipe()
	tb.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	return &maker{hub: New(e, socket.Cause{Code: frame.CloseNoStatus}), engine: e, near: near, profile: e.Profile(socket.Limits{
		Frames: frames, Bytes: 1 << 20, Message: 64 << 10, Write: socket.Never, Ping: socket.Never, Idle: socket.Never, Lifetime: socket.Never,
	})}
}

// stranger makes a member that is not in the Hub. Its outbox is held, so nothing
// is written.
func (k *maker) stranger() *Member {
	k.last++
	p := &peer{member: Member{}, overflow: ShedNewest}
	p.member.ID = k.last
	p.member.Socket.Open(k.profile, p, k.near, nil, false)
	return &p.member
}

// crowd makes a Hub with n members, and a function that takes all frames that
// are queued for them.
func crowd(tb testing.TB, n int) (k *maker, members []*Member, take func()) {
	tb.Helper()
	k = newMaker(tb)
	for range n {
		m := k.stranger()
		if !k.hub.Add(m, "") {
			tb.Fatal("not registered")
		}
		members = append(members, m)
	}
	var batch outbox.Batch
	return k, members, func() {
		for _, m := range members {
			out := m.Socket.Out()
			out.Next(&batch, 64<<10)
			out.Written(&batch)
			batch.Settle(k.engine.Waiting())
		}
	}
}

// set addresses members by their ids as they are in this package.
type set = Set[uint64]

// push pushes a frame.
func (k *maker) push(to set, how How, text []byte) Tally {
	var m Message
	var n Tally
	m.Encoded(text, nil)
	Push(k.hub, &to, &m, &how, nil, &n)
	return n
}

// TestTally: the effects of a push on each outbox are counted, under each
// policy, and members that lost something are named.
func TestTally(t *testing.T) {
	text := frame.Text("a push")
	for name, c := range map[string]struct {
		how    How
		fill   int // pushes before
		kept   int // replies before those
		want   Tally
		losers int
		slow   int
	}{
		"room":                        {How{}, 0, 0, Tally{Sent: 3}, 0, 0},
		"full":                        {How{}, frames, 0, Tally{Shed: 3}, 3, 0},
		"full, the oldest go":         {How{Overflow: ShedOldest}, frames, 0, Tally{Sent: 3, Shed: 3}, 3, 0},
		"full of what is kept":        {How{Overflow: ShedOldest}, 0, frames, Tally{Shed: 3}, 3, 0},
		"full, the slow are closed":   {How{Overflow: CloseSlow}, frames, 0, Tally{Shed: 3}, 3, 3},
		"full, and the key is waited": {How{Key: "k"}, frames - 1, 0, Tally{Sent: 3, Replaced: 3}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			k, members, _ := crowd(t, 3)
			for _, m := range members {
				for range c.kept {
					m.Socket.Out().Insist(text)
				}
			}
			for range c.fill {
				k.push(set{All: true}, How{}, text)
			}
			if c.how.Key != "" {
				k.push(set{All: true}, c.how, text)
			}
			got := k.push(set{All: true}, c.how, text)
			if got.Sent != c.want.Sent || got.Shed != c.want.Shed || got.Replaced != c.want.Replaced || len(got.Lost()) != c.losers || len(got.Slow) != c.slow {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// TestPolicyOfKeeper: a push that does not choose a policy has that of each
// receiver's own.
func TestPolicyOfKeeper(t *testing.T) {
	k, members, _ := crowd(t, 2)
	members[1].Socket.Owner().(*peer).overflow = ShedOldest
	text := frame.Text("a push")
	for range frames {
		k.push(set{All: true}, How{}, text)
	}
	if n := k.push(set{All: true}, How{}, text); n.Sent != 1 || n.Shed != 2 {
		t.Errorf("%+v", n)
	}
	if n := k.push(set{All: true}, How{Overflow: ShedNewest}, text); n.Sent != 0 || n.Shed != 2 {
		t.Errorf("%+v", n)
	}
}
