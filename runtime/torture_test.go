package ws_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestTorture sends numbered frames to peers that stall and resume at random,
// and closes some of them at random: what an outbox took arrives, whole and in
// order, and then the Close frame, on both write paths.
func TestTorture(t *testing.T) {
	for name, way := range map[string]bool{"system calls": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			portable = way
			defer func() { portable = false }()
			clients := make(chan *ws.Client, 1)
			s := serve(t, ws.Options{OutboxFrames: 64, OutboxBytes: 32 << 10, Logger: slog.New(slog.DiscardHandler)}, lobby(clients))
			var wg sync.WaitGroup
			for i := range 8 {
				p := s.dial(t, "/ws")
				m := &tortured{peer: p, client: <-clients, full: make(chan struct{}, 1), frames: 10_000}
				if i%4 == 3 {
					m.frames = rand.IntN(5_000)
				}
				wg.Go(m.push)
				wg.Go(m.read)
			}
			wg.Wait()
		})
	}
}

type tortured struct {
	*peer
	client *ws.Client
	full   chan struct{} // a push was refused
	frames int
}

var filler = strings.Repeat("x", 800)

// push pushes, by three ways, until as many frames are accepted, and closes.
func (m *tortured) push() {
	defer close(m.full) // nobody waits for it any more
	for i := 0; i < m.frames; {
		text := fmt.Sprintf("%d %s", i, filler[:rand.IntN(len(filler))])
		var err error
		switch rand.IntN(3) {
		case 0:
			err = m.client.Emit("e", text)
		case 1:
			var n int
			if n, err = m.client.Server().Conn(m.client.ID()).Emit("e", text); n == 0 && err == nil {
				err = ws.ErrFull
			}
		default:
			err = m.client.Sender().SendJSON(map[string]string{"data": text})
		}
		switch {
		case err == nil:
			i++
		case errors.Is(err, ws.ErrFull):
			select {
			case m.full <- struct{}{}:
			default:
			}
			runtime.Gosched()
		default:
			m.t.Errorf("frame %d: %v", i, err)
			return
		}
	}
	_ = m.client.Close(4000, "done")
}

// read reads all of it, and now and then nothing until the outbox is full.
func (m *tortured) read() {
	for i := 0; ; i++ {
		if rand.IntN(500) == 0 {
			<-m.full
		}
		first, payload, err := m.peer.read()
		switch {
		case err != nil:
			m.t.Errorf("frame %d: %v", i, err)
			return
		case first == ping:
			i--
		case first == closes:
			if i != m.frames {
				m.t.Errorf("closed after %d frames of %d", i, m.frames)
			}
			return
		case !strings.Contains(string(payload), fmt.Sprintf(`"data":"%d x`, i)) && !strings.Contains(string(payload), fmt.Sprintf(`"data":"%d "`, i)):
			m.t.Errorf("frame %d is %.80s", i, payload)
			return
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
