package flood_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/wsgen/wsgen/examples/live/flood"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

const most = 4000 // drops of a burst: 32 MB, which no socket buffers

// slow is a client that reads when it is told to.
type slow struct {
	t  *testing.T
	ws *websocket.Conn
}

func dialSlow(t *testing.T, live *livetest.Live) slow {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), livetest.Patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, live.URL+"/flood", &websocket.DialOptions{HTTPClient: live.Client})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return slow{t, conn}
}

func (s slow) asks(policy string) {
	s.t.Helper()
	text := fmt.Sprintf(`{"event":"burst","id":1,"data":{"count":%d,"policy":%q}}`, most, policy)
	if err := s.ws.Write(s.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// reads reads to the end of the burst and returns the numbers of the drops that came, and the report.
func (s slow) reads() (drops []int, report flood.Report, err error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), livetest.Patience)
	defer cancel()
	for {
		_, text, err := s.ws.Read(ctx)
		if err != nil {
			return drops, report, err
		}
		var frame struct {
			Event string
			Data  json.RawMessage
		}
		var drop flood.Drop
		if err := json.Unmarshal(text, &frame); err != nil {
			s.t.Fatal(err)
		}
		switch frame.Event {
		case "drop":
			if err := json.Unmarshal(frame.Data, &drop); err != nil {
				s.t.Fatal(err)
			}
			drops = append(drops, drop.N)
		case "burst":
			return drops, report, json.Unmarshal(frame.Data, &report)
		default:
			s.t.Fatalf("unexpected: %.300s", text)
		}
	}
}

// handled waits until the server has done its part of a burst that nobody reads: its numbers stand
// still then, but the count of what it would push next is not known, so the gateway is asked.
func handled(t *testing.T, live *livetest.Live, other *livetest.Conn) {
	t.Helper()
	livetest.Eventually(t, "the burst fills the outbox", func() bool {
		s := live.App.Flood.Stats()
		return s.Shed+s.Replaced > 0
	})
	livetest.Eventually(t, "the burst is over", func() bool {
		// One drop is a burst as well, unless one is under way.
		text := other.Exchange("burst", map[string]any{"count": 1, "policy": "shed_newest"})
		return !strings.Contains(text, "unavailable")
	})
}

// Whatever the policy: what was pushed is delivered, shed or replaced, and the report says how much.
func TestABurstIsAccountedFor(t *testing.T) {
	for policy, check := range map[string]func(drops []int, r flood.Report) error{
		"shed_newest": func(drops []int, r flood.Report) error {
			if r.Shed == 0 || r.Replaced > 0 || drops[0] != 1 || drops[len(drops)-1] == most {
				return errors.New("want the oldest")
			}
			return nil
		},
		"shed_oldest": func(drops []int, r flood.Report) error {
			if r.Shed == 0 || r.Replaced > 0 || drops[len(drops)-1] != most {
				return errors.New("want the newest")
			}
			return nil
		},
		"coalesce": func(drops []int, r flood.Report) error {
			if r.Shed > 0 || r.Replaced == 0 || drops[len(drops)-1] != most {
				return errors.New("want the last one, and nothing shed")
			}
			return nil
		},
	} {
		t.Run(policy, func(t *testing.T) {
			live := livetest.Start(t)
			s, other := dialSlow(t, live), live.Dial(t, "/flood")
			s.asks(policy)
			handled(t, live, other)
			drops, report, err := s.reads()
			if err != nil {
				t.Fatal(err)
			}
			if report.Pushed != most || len(drops)+report.Shed+report.Replaced != most {
				t.Fatalf("%d delivered, reported %+v", len(drops), report)
			}
			if err := check(drops, report); err != nil {
				t.Fatalf("%v: %d delivered, the last %v, reported %+v", err, len(drops), drops[len(drops)-1], report)
			}
		})
	}
}

func TestASlowReaderIsClosed(t *testing.T) {
	live := livetest.Start(t)
	s := dialSlow(t, live)
	s.asks("close_slow")
	livetest.Eventually(t, "the connection is closed for it", func() bool { return live.App.Flood.Stats().Slow == 1 })
	drops, _, err := s.reads()
	// It has a second to take what is queued; whether it does is its own affair.
	if code := websocket.CloseStatus(err); err == nil || code != -1 && code != websocket.StatusPolicyViolation {
		t.Fatalf("%d delivered, then %v, want 1008", len(drops), err)
	}
	if len(drops) == most {
		t.Fatal("everything was delivered")
	}
}

func TestBurstsAreBounded(t *testing.T) {
	live := livetest.Start(t)
	c := live.Dial(t, "/flood")
	for _, data := range []map[string]any{
		{"count": 0, "policy": "shed_newest"},
		{"count": most + 1, "policy": "shed_newest"},
		{"count": -1, "policy": "shed_newest"},
		{"count": 1, "policy": "wait"},
		{"count": 1},
	} {
		if code := c.Refused("burst", data); code != "validation_failed" {
			t.Errorf("%v: code %q", data, code)
		}
	}
	if got := c.Request("burst", map[string]any{"count": 2, "policy": "coalesce"}); !strings.HasPrefix(got, `{"pushed":2,`) {
		t.Errorf("a small burst: %s", got)
	}
}

// The demo's other connections hear nothing of it, and it nothing of them.
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
	if got := c.Barrier("burst"); len(got) > 3 {
		t.Errorf("unexpected: %.300s", got)
	}
}
