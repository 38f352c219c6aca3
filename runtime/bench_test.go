package ws

import (
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"testing"
)

// discarded is a connection whose outbox is emptied by the benchmark itself.
func discarded(b testing.TB, spec Spec) *conn {
	b.Helper()
	s := NewServer(Options{Logger: slog.New(slog.DiscardHandler)})
	near, far := net.Pipe()
	b.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	c := newConn(NewEndpoint(s, spec), near, httptest.NewRequest("GET", "/", nil), Principal{})
	return c // its outbox is held, so nothing is written
}

type nop struct{}

func (nop) Close() error { return nil }

var _ io.Closer = nop{}

type sendMessage struct {
	Author string `json:"author"`
	Text   string `json:"text"`
	Room   string `json:"room"`
}

// BenchmarkDispatch is a typed message of 101 bytes from its frame to the
// queued reply, with encoding/json.
func BenchmarkDispatch(b *testing.B) {
	c := discarded(b, Spec{
		Handlers: []Handler{{Event: "message"}},
		Lookup: func(event []byte) int {
			if string(event) == "message" {
				return 0
			}
			return -1
		},
		Call: func(_ int, c *Call) error {
			var in sendMessage
			if err := c.Decode(&in); err != nil {
				return err
			}
			return c.Reply(&in)
		},
	})
	text := []byte(`{"event":"message","data":{"author":"ann","text":"hello there, how are you today","room":"lobby-1"}}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var batch [][]byte
	for b.Loop() {
		c.received(true, text, nop{})
		batch, _ = c.out.Take(batch[:0], maxBatch)
	}
}
