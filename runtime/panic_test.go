package ws

import (
	"bufio"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// TestReadLoopSurvivesGWS lets the frame that gws panics on (a 64-bit length
// with the top bit set) pass our own check, and so proves the second line of
// defence: the panic costs the connection, which is closed, and nothing else.
func TestReadLoopSurvivesGWS(t *testing.T) {
	var log strings.Builder
	s := NewServer(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	e := NewEndpoint(s, Spec{Gateway: "test.Gateway", Path: "/ws", Lookup: func([]byte) int { return -1 }})
	client, server := net.Pipe()
	r := httptest.NewRequest(http.MethodGet, "/ws", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	if s.registry.admit(visitor{}, unlimited, unlimited) != admitted {
		t.Fatal("not admitted")
	}
	c := newConn(e, server, r, arrival{})
	answer := make(chan *bufio.Reader)
	go func() {
		in := bufio.NewReader(client)
		_, _ = http.ReadResponse(in, r)
		answer <- in
	}()
	if err := c.answer(r, &arrival{}); err != nil || !c.open(r) {
		t.Fatal("not opened", err)
	}
	c.schedule(c.out.Resume())
	in := <-answer
	// The check takes all that comes for the payload of this frame.
	long := []byte{frame.FinBit | frame.OpBinary, 0xff, 0, 0, 0, 0, 1 << 6, 0, 0, 0, 1, 2, 3, 4}
	if _, bad := c.wire.guard.Check(long, 1<<31); bad != nil || c.wire.guard.Left() != 1<<30 {
		t.Fatal(bad, c.wire.guard.Left())
	}

	ended := make(chan struct{})
	go func() { c.serve(); close(ended) }()
	hostile := append([]byte{frame.FinBit | frame.OpText, 0xff}, binary.BigEndian.AppendUint64(nil, 1<<63)...)
	if _, err := client.Write(append(hostile, 1, 2, 3, 4)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 4)
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadFull(in, head); err != nil || head[0] != frame.FinBit|frame.OpClose || CloseCode(binary.BigEndian.Uint16(head[2:])) != CloseProtocol {
		t.Fatalf("want Close 1002, got %x %v", head, err)
	}
	_ = client.Close()
	<-ended
	if !strings.Contains(log.String(), "slice bounds out of range") {
		t.Errorf("gws did not panic: is it mended? Then frame.Guard says so no more, and this test goes.\n%s", log.String())
	}
	if s.Stats().Connections != 0 {
		t.Error("the connection is still registered")
	}
}
