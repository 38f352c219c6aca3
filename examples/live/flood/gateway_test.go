package flood_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/flood"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
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
				c := livetest.StartInMemory(t).Dial(t, "/flood")
				c.Send("burst", burst(policy))
				time.Sleep(time.Second) // of the bubble's clock; nothing is read, and the burst is over

				var report flood.Report
				var frames []string
				for reported := false; !reported; {
					text := c.Next()
					var data string
					if _, data, reported = strings.Cut(text, `{"event":"burst","data":`); !reported {
						frames = append(frames, text)
					} else if err := json.Unmarshal([]byte(strings.TrimSuffix(data, "}")), &report); err != nil {
						t.Fatal(err)
					}
				}
				answer := c.Request("burst", map[string]any{"count": 1, "policy": "shed_newest"})
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
		c := live.Dial(t, "/flood")
		c.Send("burst", burst("close_slow"))
		time.Sleep(100 * time.Millisecond)
		if code := c.CloseCode(); code != 1008 {
			t.Errorf("closed with %d, want 1008", code)
		}
		if s := live.App.Flood.Stats(); s.Slow != 1 || s.Shed == 0 {
			t.Errorf("%+v, want one slow reader", s)
		}
		// Nobody else waits for it.
		if got := live.Dial(t, "/flood").Request("burst", map[string]any{"count": 1, "policy": "coalesce"}); got != `{"pushed":1,"shed":0,"replaced":0}` {
			t.Errorf("the next burst: %s", got)
		}
	})
}

func TestOneBurstAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t)
		busy, other := live.Dial(t, "/flood"), live.Dial(t, "/flood")
		busy.Send("burst", burst("shed_newest"))
		synctest.Wait()
		if code := other.Refused("burst", burst("shed_newest")); code != "unavailable" {
			t.Errorf("during a burst: code %q", code)
		}
		time.Sleep(time.Second)
		other.Request("burst", map[string]any{"count": 1, "policy": "shed_newest"})
	})
}

func TestBurstsAreBounded(t *testing.T) {
	live := livetest.Start(t)
	c := live.Dial(t, "/flood")
	for _, data := range []map[string]any{
		{"count": 0, "policy": "shed_newest"},
		{"count": 4001, "policy": "shed_newest"},
		{"count": -1, "policy": "shed_newest"},
		{"count": 1, "policy": "wait"},
		{"count": 1},
	} {
		if code := c.Refused("burst", data); code != "validation_failed" {
			t.Errorf("%v: code %q", data, code)
		}
	}
}

// TestFloodHasARegistryOfItsOwn checks that the demo's other connections hear nothing of /flood, and it
// nothing of them.
func TestFloodHasARegistryOfItsOwn(t *testing.T) {
	live := livetest.Start(t)
	c, chat := live.Dial(t, "/flood"), live.Dial(t, "/ws")
	c.Request("burst", map[string]any{"count": 3, "policy": "shed_newest"})
	if got := chat.Request("presence", nil); got != "1" {
		t.Errorf("presence %s, want 1", got)
	}
	chat.Request("message", map[string]string{"author": "ada", "text": "hi"})
	chat.Next()
	chat.Silent("presence")
	c.Request("burst", map[string]any{"count": 1, "policy": "shed_newest"})
	if got := delivered(t, c.Ahead()); len(got) != 4 {
		t.Errorf("drops %v, want 4", got)
	}
}
