//go:build !race

package ws

import (
	"runtime"
	"testing"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

// TestBudgetPresence bounds what somebody weighs who is present, and does nothing.
func TestBudgetPresence(t *testing.T) {
	const n, meta = 5000, `{"name":"somebody","away":false,"since":1}`
	weigh := func(join func(s *Server, c *Client) error) int {
		s, take := crowd(t, n, Options{})
		defer s.roll.close()
		all := make([]*Client, 0, n)
		for c := range s.All().Clients() {
			all = append(all, c)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for _, c := range all {
			if err := join(s, c); err != nil {
				t.Fatal(err)
			}
		}
		for range 4 {
			take() // what they were told
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(all)
		return int(after.HeapAlloc-before.HeapAlloc) / n
	}
	in := func(_ *Server, c *Client) error { return c.Join("room") }
	present := func(s *Server, c *Client) error {
		p := NewPresence(s, PresenceSpec{Name: "test", Event: "here", Max: 1}, func(w *wsjson.Writer, m string) { w.Lit(m) }, nil)
		return p.Join(c, "room", meta)
	}
	weigh(in) // what is made once
	room, presence := weigh(in), weigh(present)
	t.Logf("%d bytes in a room, %d more for who is present there", room, presence-room)
	if presence-room > 640 {
		t.Errorf("who is present weighs %d bytes more, at most 640", presence-room)
	}
}
