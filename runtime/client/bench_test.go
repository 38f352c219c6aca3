package wsclient_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lxzan/gws"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// BenchmarkCall has calls answered by a Server, with one and with sixteen under way at a
// time, by a client and by what somebody writes who has gws and encoding/json. The two
// take turns, and "of-gws" is the median of how much of the other's calls per second a
// client makes: it should be 0.75 with one, and 0.9 with sixteen.
func BenchmarkCall(b *testing.B) {
	s := serve(b, ws.Options{}, gateway{on: map[string]handler{"say": inline(func(c *ws.Call) error {
		var m Message
		if err := c.Decode(&m); err != nil {
			return err
		}
		return c.Reply(&m)
	})}})
	for _, n := range []int{1, 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c, bare := dial(b, s.url, wsclient.Options{}), dialBare(b, s.url)
			defer closes(b, c)
			say := func(m Message) (Message, error) { return c.Say(context.Background(), m) }
			b.ReportAllocs()
			var ratios []float64
			var mine, theirs time.Duration
			calls := 0
			for b.Loop() {
				const round = 512
				a, g := took(b, n, round, say), took(b, n, round, bare.say)
				mine, theirs, calls = mine+a, theirs+g, calls+round
				ratios = append(ratios, float64(g)/float64(a))
			}
			slices.Sort(ratios)
			b.ReportMetric(float64(calls)/mine.Seconds(), "calls/s")
			b.ReportMetric(float64(calls)/theirs.Seconds(), "gws-calls/s")
			b.ReportMetric(ratios[len(ratios)/2], "of-gws")
		})
	}
}

// BenchmarkCallAlone is what a call costs, and what of it is memory.
func BenchmarkCallAlone(b *testing.B) {
	s := serve(b, ws.Options{}, gateway{on: map[string]handler{"say": inline(echo)}})
	c := dial(b, s.url, wsclient.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Say(context.Background(), Message{"ann", "hello there, how are you"}); err != nil {
			b.Fatal(err)
		}
	}
}

// took returns how long so many calls take, some at a time.
func took(b *testing.B, atATime, calls int, say func(Message) (Message, error)) time.Duration {
	start := time.Now()
	var wg sync.WaitGroup
	for range atATime {
		wg.Go(func() {
			for range calls / atATime {
				m := Message{"ann", "hello there, how are you"}
				if got, err := say(m); err != nil || got != m {
					b.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// bareClient calls by gws and encoding/json, and does nothing else.
type bareClient struct {
	gws.BuiltinEventHandler
	socket *gws.Conn
	lastID atomic.Uint64
	mu     sync.Mutex
	calls  map[uint64]chan json.RawMessage
}

type bareFrame struct {
	Event string          `json:"event"`
	ID    uint64          `json:"id"`
	Data  json.RawMessage `json:"data"`
}

func dialBare(b *testing.B, url string) *bareClient {
	c := &bareClient{calls: make(map[uint64]chan json.RawMessage)}
	var err error
	if c.socket, _, err = gws.NewClient(c, &gws.ClientOption{Addr: url + "/ws"}); err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.socket.ReadLoop()
	}()
	b.Cleanup(func() {
		_ = c.socket.WriteClose(1000, nil)
		<-done
	})
	return c
}

func (c *bareClient) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	var f bareFrame
	if json.Unmarshal(m.Bytes(), &f) != nil {
		return
	}
	c.mu.Lock()
	done := c.calls[f.ID]
	delete(c.calls, f.ID)
	c.mu.Unlock()
	if done != nil {
		done <- f.Data
	}
}

func (c *bareClient) say(m Message) (answer Message, err error) {
	data, err := json.Marshal(m)
	if err != nil {
		return answer, err
	}
	f := bareFrame{Event: "say", ID: c.lastID.Add(1), Data: data}
	done := make(chan json.RawMessage, 1)
	c.mu.Lock()
	c.calls[f.ID] = done
	c.mu.Unlock()
	text, err := json.Marshal(f)
	if err == nil {
		err = c.socket.WriteMessage(gws.OpcodeText, text)
	}
	if err == nil {
		err = json.Unmarshal(<-done, &answer)
	}
	return answer, err
}
