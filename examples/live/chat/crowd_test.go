package chat_test

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestAppear: who has appeared sees each other, a user once with all tabs, and leaves with the last of them.
func TestAppear(t *testing.T) {
	live := livetest.Start(t)
	appear := func(name string, o ...wstest.DialOption) *wstest.Conn {
		c := live.Connect(t, "/ws", o...)
		c.Call("hello", map[string]string{"name": name}).OK()
		c.Call("appear", nil).OK()
		return c
	}
	known := map[*wstest.Conn]map[string]int{} // how many tabs each person has, as a connection is told
	until := func(c *wstest.Conn, what string, ann, all int) {
		t.Helper()
		for {
			p := wstest.Expect[ws.Present[chat.Tab]](c, "people") // which fails if no more comes
			if p.Full {
				known[c] = map[string]int{}
			}
			for _, person := range p.Joined {
				known[c][person.Key] = len(person.Metas)
			}
			for _, key := range p.Left {
				delete(known[c], key)
			}
			if p.Count != len(known[c]) {
				t.Fatalf("%s: %d people, and the count is %d", what, len(known[c]), p.Count)
			}
			if known[c]["ann"] == ann && p.Count == all {
				return
			}
		}
	}

	live.Connect(t, "/ws").Call("appear", nil).ExpectError(ws.CodeConflict)
	ann := appear("Ann", wstest.Token("demo-ann"))
	until(ann, "alone", 1, 1)
	bob := appear("Bob")
	until(bob, "Bob comes", 1, 2)
	until(ann, "Ann sees Bob", 1, 2)
	second := appear("Anna", wstest.Token("demo-ann"))
	until(bob, "another tab", 2, 2)
	second.Vanish()
	until(bob, "a tab is gone", 1, 2)
	ann.Vanish()
	until(bob, "Ann is gone", 0, 1)
}
