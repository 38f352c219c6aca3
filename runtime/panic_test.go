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
	c.wire.guard.left = 1 << 30 // the check takes all that comes for payload

	ended := make(chan struct{})
	go func() { c.serve(); close(ended) }()
	frame := append([]byte{finBit | opText, 0xff}, binary.BigEndian.AppendUint64(nil, 1<<63)...)
	if _, err := client.Write(append(frame, 1, 2, 3, 4)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 4)
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadFull(in, head); err != nil || head[0] != finBit|opClose || CloseCode(binary.BigEndian.Uint16(head[2:])) != CloseProtocol {
		t.Fatalf("want Close 1002, got %x %v", head, err)
	}
	_ = client.Close()
	<-ended
	if !strings.Contains(log.String(), "slice bounds out of range") {
		t.Errorf("gws did not panic: is it mended? Then frameguard.go says so no more, and this test goes.\n%s", log.String())
	}
	if s.Stats().Connections != 0 {
		t.Error("the connection is still registered")
	}
}
