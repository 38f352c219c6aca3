package flood_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/flood"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// pushed is how many drops a test asks for: many more than an outbox of /flood holds. In memory nothing
// else holds any. The browser's test has sockets, whose buffers do.
const pushed = 400

func burst(policy string) map[string]any { return map[string]any{"count": pushed, "policy": policy} }

// delivered returns the numbers of the drops among frames.
func delivered(t *testing.T, frames []string) []int {
	t.Helper()
	var out []int
	for _, text := range frames {
		var frame struct {
			Event string
			Data  flood.Drop
		}
		if err := json.Unmarshal([]byte(text), &frame); err != nil || frame.Event != "drop" {
			t.Fatalf("unexpected: %.300s", text)
		}
		out = append(out, frame.Data.N)
	}
	return out
}

// TestABurstIsAccountedFor checks, for every policy, that each drop is delivered, shed or replaced, and
// that the report says how many are.
func TestABurstIsAccountedFor(t *testing.T) {
	for policy, fits := range map[string]func(first, last, n int, r flood.Report) bool{
		// The oldest arrive, without a gap.
		"shed_newest": func(first, last, n int, r flood.Report) bool {
			return r.Shed > 0 && r.Replaced == 0 && first == 1 && last == n
		},
		// The newest arrive, after what was being written already.
		"shed_oldest": func(_, last, n int, r flood.Report) bool {
			return r.Shed > 0 && r.Replaced == 0 && last == pushed && n > 30
		},
		// The last one arrives, and none is lost but to a newer one.
		"coalesce": func(_, last, n int, r flood.Report) bool {
			return r.Shed == 0 && r.Replaced > 0 && last == pushed && n < 30
		},
	} {
		t.Run(policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := livetest.StartInMemory(t).Connect(t, "/flood")
				c.Deaf()
				c.Send("burst", burst(policy))
				time.Sleep(time.Second) // of the bubble's clock; nothing is read, and the burst is over
				c.Hear()

				var report flood.Report
				var frames []string
				for reported := false; !reported; {
					text := c.Text()
					var data string
					if _, data, reported = strings.Cut(text, `{"event":"burst","data":`); !reported {
						frames = append(frames, text)
					} else if err := json.Unmarshal([]byte(strings.TrimSuffix(data, "}")), &report); err != nil {
						t.Fatal(err)
					}
				}
				answer := c.Call("burst", map[string]any{"count": 1, "policy": "shed_newest"}).Text()
				drops := delivered(t, frames)
				if report.Pushed != pushed || len(drops)+report.Shed+report.Replaced != pushed {
					t.Fatalf("%d delivered, reported %+v", len(drops), report)
				}
				if first, last := drops[0], drops[len(drops)-1]; !fits(first, last, len(drops), report) {
					t.Fatalf("%d delivered, from %d to %d, reported %+v", len(drops), first, last, report)
				}
				if answer != `{"pushed":1,"shed":0,"replaced":0}` { // nothing of the other burst
					t.Errorf("the next report is %s", answer)
				}
			})
		})
	}
}

func TestASlowReaderIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t)
		c := live.Connect(t, "/flood")
		c.Deaf()
		c.Send("burst", burst("close_slow"))
		time.Sleep(100 * time.Millisecond)
		c.Hear()
		c.ExpectClose(ws.ClosePolicy)
		if s := live.App.Flood.Stats(); s.Slow != 1 || s.Shed == 0 {
			t.Errorf("%+v, want one slow reader", s)
		}
		// Nobody else waits for it.
		if got := live.Connect(t, "/flood").Call("burst", map[string]any{"count": 1, "policy": "coalesce"}).Text(); got != `{"pushed":1,"shed":0,"replaced":0}` {
			t.Errorf("the next burst: %s", got)
		}
	})
}

func TestOneBurstAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t)
		busy, other := live.Connect(t, "/flood"), live.Connect(t, "/flood")
		busy.Send("burst", burst("shed_newest"))
		synctest.Wait()
		other.Call("burst", burst("shed_newest")).ExpectError(ws.CodeUnavailable)
		time.Sleep(time.Second)
		other.Call("burst", map[string]any{"count": 1, "policy": "shed_newest"}).OK()
	})
}

func TestBurstsAreBounded(t *testing.T) {
	live := livetest.Start(t)
	c := live.Connect(t, "/flood")
	for _, data := range []map[string]any{
		{"count": 0, "policy": "shed_newest"},
		{"count": 4001, "policy": "shed_newest"},
		{"count": -1, "policy": "shed_newest"},
		{"count": 1, "policy": "wait"},
		{"count": 1},
	} {
		c.Call("burst", data).ExpectError(ws.CodeValidationFailed)
	}
}

// TestFloodHasARegistryOfItsOwn checks that the demo's other connections hear nothing of /flood, and it
// nothing of them.
func TestFloodHasARegistryOfItsOwn(t *testing.T) {
	live := livetest.Start(t)
	c, chat := live.Connect(t, "/flood"), live.Connect(t, "/ws")
	c.Call("burst", map[string]any{"count": 3, "policy": "shed_newest"}).OK()
	if got := wstest.Decode[int](chat.Call("presence", nil)); got != 1 {
		t.Errorf("presence %d, want 1", got)
	}
	chat.Call("message", map[string]string{"author": "ada", "text": "hi"}).OK()
	wstest.Expect[any](chat, "message")
	chat.ExpectSilence(0)
	c.Call("burst", map[string]any{"count": 1, "policy": "shed_newest"}).OK()
	for _, want := range []int{1, 2, 3, 1} {
		if got := wstest.Expect[flood.Drop](c, "drop"); got.N != want {
			t.Errorf("drop %d, want %d", got.N, want)
		}
	}
	c.ExpectSilence(0)
}
