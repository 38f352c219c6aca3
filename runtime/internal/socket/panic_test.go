package socket

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// brittle is a net.Conn whose second Read panics, as a library below gws's read
// loop may.
type brittle struct {
	net.Conn
	reads atomic.Int32
}

func (b *brittle) Read(p []byte) (int, error) {
	if b.reads.Add(1) == 2 {
		panic("brittle")
	}
	return b.Conn.Read(p)
}

// TestReadLoopSurvivesPanic: a panic below a read loop, gws's or ours, closes that
// connection, and costs nothing else.
func TestReadLoopSurvivesPanic(t *testing.T) {
	for name, hello := range map[string][]byte{"ours": word("hello"), "gws's": pieces("hello")} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			o := owned(&brittle{Conn: server}, nil)
			o.socket.Resume()
			go o.socket.Serve()
			_ = client.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := client.Write(hello); err != nil {
				t.Fatal(err)
			}
			head := make([]byte, 4)
			if _, err := io.ReadFull(client, head); err != nil || head[0] != frame.FinBit|frame.OpClose || frame.CloseCode(binary.BigEndian.Uint16(head[2:])) != frame.CloseProtocol {
				t.Fatalf("want Close 1002, got %x %v", head, err)
			}
			_ = client.Close()
			<-o.ended
			<-o.released
			if len(o.received) != 1 || o.received[0] != "hello" {
				t.Errorf("received %q", o.received)
			}
			if len(o.failures) != 1 || !strings.Contains(o.failures[0].String(), "brittle") {
				t.Errorf("told of %v, want one panic", o.failures)
			}
			if deep := o.socket.state.is(stateDeep); deep != (name != "ours") {
				t.Errorf("gws read: %v", deep)
			}
		})
	}
}
