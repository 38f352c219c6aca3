package ws_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestOutboxTotalBytes: the frames in all outboxes are bounded by their memory.
// A frame that outboxes share counts once, frames of their own count for each.
// Peers that take nothing have half of it, and peers that read are not
// concerned. An outbox that is empty takes a frame in any case.
func TestOutboxTotalBytes(t *testing.T) {
	const total, crowd, pushes = 256 << 10, 20, 100
	text := strings.Repeat("x", 4000)
	for _, c := range []struct {
		name string
		push func(*ws.Server) (taken int)
		most int // bytes that wait behind the first frames, as the receivers see it
	}{
		{"shared", func(s *ws.Server) int {
			n, _ := s.Broadcast("e", text)
			return n
		}, crowd * total / 2},
		{"their own", func(s *ws.Server) (n int) {
			for c := range s.All().Clients() {
				if c.Emit("e", text) == nil {
					n++
				}
			}
			return n
		}, total / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, ws.Options{OutboxTotalBytes: total}, gateway{})
				var stalled []*peer
				for range crowd {
					stalled = append(stalled, s.dial(t, "/ws"))
				}
				sent := 0
				for range pushes {
					sent += c.push(s.Server)
					synctest.Wait()
				}
				st := s.Stats()
				if bytes := (sent - crowd) * len(text); bytes > c.most || bytes < c.most*3/4 || st.Shed != uint64(pushes*crowd-sent) {
					t.Errorf("%d frames, %d bytes wait, of %d at most; %+v", sent, bytes, c.most, st)
				}
				if st.Outboxes > total/2 || st.Outboxes < total*3/8 {
					t.Errorf("%d bytes count, of %d", st.Outboxes, total/2)
				}
				reads := s.dial(t, "/ws")
				for range 3 {
					if n := c.push(s.Server); n != 1 {
						t.Errorf("reached %d", n)
					}
					reads.wantData(text)
					synctest.Wait()
				}
				for _, p := range append(stalled, reads) {
					_ = p.conn.Close()
				}
				s.shutdown(t)
				if n := s.Stats().Outboxes; n != 0 {
					t.Errorf("%d bytes are still counted", n)
				}
			})
		})
	}
}

// TestRepliesBeyondTotal: when others hold all that outboxes may hold together,
// replies wait for those before them, each in turn, and none is lost.
func TestRepliesBeyondTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{OutboxTotalBytes: 8 << 10}, gateway{on: map[string]handler{"echo": inline(echo)}})
		stalled := s.dial(t, "/ws")
		for range 20 {
			_, _ = s.Broadcast("e", strings.Repeat("x", 1000))
		}
		if st := s.Stats(); st.Outboxes < 3<<10 || st.Shed == 0 {
			t.Fatalf("what one may have of the total is not used up: %+v", st)
		}
		p := s.dial(t, "/ws")
		go func() {
			for i := range 50 {
				p.send(`{"event":"echo","id":%d}`, i)
			}
		}()
		synctest.Wait()
		for i := range 50 {
			p.want(fmt.Sprintf(`{"event":"echo","id":%d,"data":null}`, i))
		}
		_ = p.conn.Close()
		_ = stalled.conn.Close()
		s.shutdown(t)
	})
}

// TestDeafCostNobody: many peers that read nothing, over real sockets, fed in a
// room or each by itself, cost another room no push. Nor do many that all read.
func TestDeafCostNobody(t *testing.T) {
	const total, crowd, pushes = 4 << 20, 60, 60
	for _, each := range []bool{false, true} {
		t.Run(map[bool]string{false: "in a room", true: "each by itself"}[each], func(t *testing.T) {
			clients := make(chan *ws.Client, crowd+1)
			s := serve(t, ws.Options{OutboxTotalBytes: total, Logger: slog.New(slog.DiscardHandler)}, lobby(clients))
			var deaf []*peer
			for range crowd {
				deaf = append(deaf, s.dial(t, "/ws"))
				if err := await(t, "a client", clients).Join("deaf"); err != nil {
					t.Fatal(err)
				}
			}
			reads := s.dial(t, "/ws")
			if err := await(t, "a client", clients).Join("good"); err != nil {
				t.Fatal(err)
			}
			text := strings.Repeat("x", 30_000)
			feed := func() {
				if !each {
					_, _ = s.EmitTo("deaf", "e", text)
					return
				}
				for c := range s.In("deaf").Clients() {
					_ = c.Emit("e", text)
				}
			}
			eventually(t, "those who do not read lose pushes", func() bool {
				before := s.Stats().Shed
				feed()
				return s.Stats().Shed-before == crowd
			})
			read := make(chan error, 1)
			go func() { read <- reads.count(pushes * 100) }()
			for i := range pushes {
				for j := range 100 {
					if n, err := s.EmitTo("good", "e", i*100+j); n != 1 || err != nil {
						t.Fatalf("push %d reached %d, %v; %+v", i*100+j, n, err, s.Stats())
					}
				}
				feed()
			}
			if err := await(t, "all numbers", read); err != nil {
				t.Error(err)
			}
			if n := s.Stats().Outboxes; n > total*5/8 {
				t.Errorf("%d bytes wait, and more than half is of those who read nothing", n)
			}
			for _, p := range deaf {
				_ = p.conn.Close()
			}
			eventually(t, "nothing counts", func() bool { return s.Stats().Outboxes == 0 })
		})
	}
}
