package ws_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestTorture sends numbered frames to peers that stall and resume at random,
// and closes some of them at random, on both write paths and under each policy.
// The frames that an outbox took arrive, whole and in order, and then the Close
// frame. Nothing is missing but what was reported as shed or replaced.
func TestTorture(t *testing.T) {
	for name, way := range map[string]bool{"system calls": false, "portable": true} {
		for policy, p := range map[string]*torture{
			"newest":   {overflow: ws.ShedNewest},
			"oldest":   {overflow: ws.ShedOldest},
			"close":    {overflow: ws.CloseSlow},
			"coalesce": {overflow: ws.ShedNewest, keys: 5},
			"total":    {overflow: ws.ShedNewest, total: 32 << 10},
		} {
			t.Run(name+"/"+policy, func(t *testing.T) {
				portable = way
				defer func() { portable = false }()
				p.run(t)
			})
		}
	}
}

// torture is one Server under a policy; a frame has one of so many keys, or
// none.
type torture struct {
	overflow ws.Overflow
	keys     int
	total    int // for all outboxes, if it is not the default

	accepted, refused, received atomic.Uint64
}

func (o *torture) run(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{
		OutboxFrames: 64, OutboxBytes: 32 << 10, OutboxTotalBytes: o.total, Overflow: o.overflow,
		Logger: slog.New(slog.DiscardHandler),
	}, lobby(clients))
	var wg sync.WaitGroup
	conns := 4
	if o.overflow == ws.CloseSlow {
		conns = 40 // each is closed when it stalls first
	}
	for i := range conns {
		p := s.dial(t, "/ws")
		m := &tortured{torture: o, peer: p, client: <-clients, behind: make(chan struct{}, 1), frames: 10_000, last: map[string]int{}}
		if i%4 == 3 {
			m.frames = rand.IntN(5_000)
		}
		wg.Go(m.push)
		wg.Go(m.read)
	}
	wg.Wait()
	st := s.Stats()
	lost := st.Replaced + st.Shed - o.refused.Load()
	if a, r := o.accepted.Load(), o.received.Load(); a != st.Accepted || r != a-lost {
		t.Errorf("%d accepted, %d refused, %d received; %+v", a, o.refused.Load(), r, st)
	}
	t.Logf("%d accepted, %d refused, %d received, %d shed or replaced, %d closed", st.Accepted, o.refused.Load(), o.received.Load(), lost, st.Slow)
	eventually(t, "all outboxes are empty", func() bool { return s.Stats().Outboxes == 0 })
	switch o.overflow {
	case ws.CloseSlow:
		if st.Slow == 0 || lost != 0 {
			t.Errorf("nobody was closed: %+v", st)
		}
	case ws.ShedOldest:
		if lost == 0 {
			t.Errorf("nothing was shed: %+v", st)
		}
	default:
		if (st.Replaced > 0) != (o.keys > 0) {
			t.Errorf("%+v", st)
		}
	}
}

// tortured is one connection.
type tortured struct {
	*torture
	*peer
	client *ws.Client
	frames int
	behind chan struct{}  // told when a push was refused, or many were not; closed after the last push
	last   map[string]int // by key: the last number that was accepted
}

var filler = strings.Repeat("x", 800)

// push pushes until as many frames are accepted, or the connection is closed
// for being slow, and closes.
func (m *tortured) push() {
	defer close(m.behind)
	for i := 0; i < m.frames; {
		key, err := m.emit(i)
		switch {
		case err == nil:
			m.accepted.Add(1)
			m.last[key] = i
			if i++; i%250 == 0 && m.overflow == ws.ShedOldest {
				m.signal()
			}
		case errors.Is(err, ws.ErrFull):
			m.refused.Add(1)
			m.signal()
			if m.overflow == ws.CloseSlow {
				return
			}
			runtime.Gosched()
		default:
			m.t.Errorf("frame %d: %v", i, err)
			return
		}
	}
	_ = m.client.Close(4000, "done")
}

// emit pushes frame i in one of three ways.
func (m *tortured) emit(i int) (key string, err error) {
	way := rand.IntN(3)
	if m.keys > 0 && way == 0 {
		key = strconv.Itoa(i % m.keys)
	}
	text := strconv.Itoa(i) + " " + key + " " + filler[:rand.IntN(len(filler))] + "."
	switch way {
	case 0:
		n, err := m.client.Server().Conn(m.client.ID()).Coalesce(key).Emit("e", text)
		if n == 0 && err == nil {
			err = ws.ErrFull
		}
		return key, err
	case 1:
		return "", m.client.Emit("e", text)
	default:
		return "", m.client.Sender().SendJSON(struct {
			Event string `json:"event"`
			Data  string `json:"data"`
		}{"e", text})
	}
}

func (m *tortured) signal() {
	select {
	case m.behind <- struct{}{}:
	default:
	}
}

// read reads all of it, and now and then nothing until the outbox is full.
func (m *tortured) read() {
	next := map[string]int{} // by key: the least number that may come
	for n := 0; ; n++ {
		if rand.IntN(500) == 0 {
			m.stall()
		}
		first, payload, err := m.peer.read()
		switch {
		case err != nil:
			m.t.Errorf("frame %d: %v", n, err)
			return
		case first == ping:
			n--
			continue
		case first == closes:
			m.received.Add(uint64(n))
			m.end(next)
			return
		}
		text, whole := strings.CutPrefix(string(payload), `{"event":"e","data":"`)
		number, text, _ := strings.Cut(text, " ")
		key, text, _ := strings.Cut(text, " ")
		i, err := strconv.Atoi(number)
		gapless := m.overflow != ws.ShedOldest && m.keys == 0
		if !whole || err != nil || i < next[key] || gapless && i != n || strings.Trim(text, "x") != `."}` {
			m.t.Errorf("frame %d, number %d at least, is %.80s", n, next[key], payload)
			return
		}
		next[key] = i + 1
	}
}

// stall waits until the outbox is full. Where it is never said to be, that is when many
// more frames were pushed than it and the sockets hold.
func (m *tortured) stall() {
	<-m.behind
	for i := 0; i < 4 && m.overflow == ws.ShedOldest; i++ {
		<-m.behind // the first may have been there since long ago
	}
}

// end checks that the last frame of each key was the last that was accepted: no
// policy loses that.
func (m *tortured) end(next map[string]int) {
	for range m.behind { // until the last push
	}
	for key, last := range m.last {
		if next[key] != last+1 {
			m.t.Errorf("key %q ended with %d, want %d", key, next[key]-1, last)
		}
	}
}

// TestNoLostWakeUp: in a thousand rounds, frames pushed at the same moment by
// several goroutines to an idle connection all leave, with nothing behind them
// to push them out.
func TestNoLostWakeUp(t *testing.T) {
	for name, way := range map[string]bool{"system calls": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			portable = way
			defer func() { portable = false }()
			clients := make(chan *ws.Client, 1)
			s := serve(t, ws.Options{}, lobby(clients))
			p := s.dial(t, "/ws")
			c := <-clients
			for round := range 1000 {
				start := make(chan struct{})
				for i := range 3 {
					go func() {
						<-start
						var err error
						if i == 0 {
							err = c.Emit("e", round)
						} else {
							_, err = s.Broadcast("e", round)
						}
						if err != nil {
							t.Error(err)
						}
					}()
				}
				p.tell(`{"event":"echo","data":` + fmt.Sprint(round) + `}`)
				close(start)
				for range 4 {
					if got := p.next(); !strings.HasSuffix(got, fmt.Sprintf(`"data":%d}`, round)) {
						t.Fatalf("round %d: %s", round, got)
					}
				}
			}
		})
	}
}
