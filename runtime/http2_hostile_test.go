package ws_test

import (
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestHTTP2Hostile: a client that opens many streams has no more connections
// than any other, and no more memory than their messages may have. Streams that
// are reset as soon as they are opened, or never take a byte, leave nothing.
func TestHTTP2Hostile(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	const most = 50
	s := besiege(t, ws.Options{WriteTimeout: 500 * time.Millisecond, MaxConnections: most, MaxMessageBytes: 32 << 10}, village())
	attacker := func(s *siege, window uint32) *rawH2 {
		return newRawH2(s.t, s.connect(), window)
	}

	s.run("many streams", func(s *siege) {
		c := attacker(s, window)
		defer c.conn.Close()
		accepted := 0
		for i := range uint32(3 * most) {
			c.connect(1+2*i, "/ws", 0)
			if c.accepted(1 + 2*i) {
				accepted++
				c.send(h2Data, 0, 1+2*i, []byte{text, 0x80 | 126, 0x80, 0x00, 1, 2, 3, 4}) // 32 KiB are to come
			}
		}
		if accepted != most-1 {
			t.Errorf("%d connections, of %d and the old one", accepted, most)
		}
		s.old.echoes()
		if heap := heapInUse(); heap > s.heap+most*(64<<10)+heapSlack {
			t.Errorf("%d streams hold %d KiB", accepted, (heap-s.heap)>>10)
		}
	})
	eventually(t, "they are gone", func() bool { return s.Stats().Connections == 1 })

	s.run("quick resets", func(s *siege) {
		for range 5 {
			c := attacker(s, window)
			for i := range uint32(400) {
				c.connect(1+2*i, "/ws", 0)
				if i%4 == 0 && !c.accepted(1+2*i) && i == 0 {
					t.Error("the first stream was refused")
				}
				c.reset(1+2*i, h2Cancel)
			}
			_ = c.conn.Close()
		}
	})
	eventually(t, "they are gone", func() bool { return s.Stats().Connections == 1 })

	s.run("closed windows", func(s *siege) {
		c := attacker(s, 0)
		defer c.conn.Close()
		good := s.join()
		for i := range uint32(10) {
			if c.connect(1+2*i, "/ws", 0); !c.accepted(1 + 2*i) {
				t.Fatal("refused")
			}
			c.send(h2Data, 0, 1+2*i, frame(text, []byte(`{"event":"echo"}`)))
		}
		if c.connect(99, "/ws", 0); !c.accepted(99) {
			t.Fatal("refused")
		}
		for resets := 0; resets < 10; {
			if f := c.next(); f.kind == h2Reset && f.stream != 99 {
				resets++
			} else if f.kind != h2Window {
				t.Fatalf("frame %d of stream %d", f.kind, f.stream)
			}
		}
		// A stream that asked for nothing has missed nothing.
		c.open(99, 1<<10)
		c.send(h2Data, 0, 99, frame(text, []byte(`{"event":"echo"}`)))
		c.wantData(99, len(`..{"event":"echo","data":null}`))
		good.echoes()
		good.leave()
	})
	s.over()
}
