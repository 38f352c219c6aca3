package hub

import (
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// counter counts the members while a push holds the lock of their room.
type counter struct {
	hub *Hub
	n   int
}

func (c *counter) Relay(int, string) {
	to := set{All: true}
	c.n = c.hub.Count() + about(c.hub, &to)
}

// TestCountInPush: how many members there are can be asked, and is by each push where
// sessions are, without the lock that a push to a crowd holds for long.
func TestCountInPush(t *testing.T) {
	k, _, _ := crowd(t, 3)
	c, done := &counter{hub: k.hub}, make(chan struct{})
	go func() {
		defer close(done)
		var m Message
		var n Tally
		m.Encoded(frame.Text("a push"), nil)
		Push(k.hub, &set{All: true}, &m, &How{}, c, &n)
	}()
	select {
	case <-done:
		if c.n != 6 {
			t.Errorf("counted %d", c.n)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the count waits for the push")
	}
}
