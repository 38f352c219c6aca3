package app_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestCounters follows what somebody who watches is told, second by second.
func TestCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t, ws.Options{OutboxTotalBytes: 1 << 20})
		time.Sleep(100 * time.Millisecond)
		ada, bob, flood := live.Connect(t, "/ws"), live.Connect(t, "/ws"), live.Connect(t, "/flood")
		ada.Call("watch", true).OK()
		is := func(want chat.Counters) {
			t.Helper()
			want.Limit = 3 << 20 // of three registries
			got := wstest.Expect[chat.Counters](ada, "counters")
			want.Waiting = got.Waiting // whether a frame still waits is chance
			if got != want {
				t.Errorf("told %+v, want %+v", got, want)
			}
		}
		// At once, of the last second, and from then on once a second.
		is(chat.Counters{})
		began := time.Now()
		is(chat.Counters{Connections: 3, Rooms: 1, In: 1, Out: 2}) // the call, its answer and the push
		if passed := time.Since(began); passed != 900*time.Millisecond {
			t.Errorf("told after %v", passed)
		}
		for range 3 {
			bob.Call("say", map[string]string{"room": "elsewhere", "text": "hi"}).OK()
		}
		bob.Call("join", "tea").OK()
		flood.Call("nobody's", nil).ExpectError(ws.CodeUnknownEvent)
		is(chat.Counters{Connections: 3, Rooms: 2, In: 5, Out: 6, Refused: 1}) // of all registries
		is(chat.Counters{Connections: 3, Rooms: 2, Out: 1, Refused: 1})

		// Who does not watch gets none, nor who watches no more.
		bob.ExpectSilence(0)
		ada.Call("watch", false).OK()
		ada.ExpectSilence(1500 * time.Millisecond)
		ada.Call("watch", true).OK()
		ada.Call("watch", true).OK() // changes nothing but that it is told at once
		// The call that ended it with its answer, the last push, and two Pongs that silence is known by.
		is(chat.Counters{Connections: 3, Rooms: 2, In: 1, Out: 4, Refused: 1})
		is(chat.Counters{Connections: 3, Rooms: 2, In: 1, Out: 4, Refused: 1})
		bob.Call("watch", "yes").ExpectError(ws.CodeInvalidPayload)
	})
}
