package ws

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// discarded returns a connection that has just read something, and whose outbox
// is emptied by the benchmark itself.
func discarded(b testing.TB, spec Spec) *conn {
	b.Helper()
	s := NewServer(Options{Logger: slog.New(slog.DiscardHandler)})
	first := []byte{frame.FinBit | frame.OpText}                                                               // of a frame: it holds a block, as if a message were in it
	return newConn(NewEndpoint(s, spec), loopback(b), first, httptest.NewRequest("GET", "/", nil), &arrival{}) // its outbox is held, so nothing is written
}

// loopback returns one end of a TCP connection.
func loopback(b testing.TB) net.Conn {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	return near
}

type nop struct{}

func (nop) Close() error { return nil }

var _ io.Closer = nop{}

type sendMessage struct {
	Author string `json:"author"`
	Text   string `json:"text"`
	Room   string `json:"room"`
}

// readSendMessage and writeSendMessage are as wsgen generates them.
func readSendMessage(r *wsjson.Reader) (v sendMessage) {
	for r.Next() {
		switch string(r.Name()) {
		case "author":
			wsjson.ReadString(r, &v.Author)
		case "text":
			wsjson.ReadString(r, &v.Text)
		case "room":
			wsjson.ReadString(r, &v.Room)
		default:
			r.Odd()
		}
	}
	return v
}

func writeSendMessage(w *Writer, v sendMessage) {
	w.Begin()
	w.Name("author")
	wsjson.WriteString(w, v.Author)
	w.Name("text")
	wsjson.WriteString(w, v.Text)
	w.Name("room")
	wsjson.WriteString(w, v.Room)
	w.End()
}

func lookupMessage(event []byte) int {
	if string(event) == "message" {
		return 0
	}
	return -1
}

func generatedSpec() Spec {
	return Spec{
		Handlers: []Handler{{Event: "message"}},
		Lookup:   lookupMessage,
		Call: func(_ int, c *Call) error {
			in, err := DecodeJSON(c, readSendMessage)
			if err != nil {
				return err
			}
			return ReplyJSON(c, in, writeSendMessage)
		},
	}
}

func stdSpec() Spec {
	return Spec{
		Handlers: []Handler{{Event: "message"}},
		Lookup:   lookupMessage,
		Call: func(_ int, c *Call) error {
			var in sendMessage
			if err := c.Decode(&in); err != nil {
				return err
			}
			return c.Reply(&in)
		},
	}
}

// typedMessage has 100 bytes.
const typedMessage = `{"event":"message","data":{"author":"ann","text":"hello there, how are you today","room":"lobby-1"}}`

// tracedMessage is typedMessage with the meta that says which trace it belongs to.
const tracedMessage = `{"event":"message","data":{"author":"ann","text":"hello there, how are you today","room":"lobby-1"},` +
	`"meta":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}`

// warmUp is how many messages come before those that are measured: a server has
// been running for a while, and the first benchmark of a process would pay for
// the pages of the heap.
const warmUp = 100_000

// BenchmarkDispatch is a typed message of 100 bytes from its frame to the
// queued reply: with generated codecs, the same with meta, with encoding/json behind
// the envelope's scanner, and as a server does it that has encoding/json only, first
// for the envelope and then for the payload.
func BenchmarkDispatch(b *testing.B) {
	text := []byte(typedMessage)
	run := func(b *testing.B, spec Spec, receive func(*conn), told ...Observer) {
		b.Helper()
		c := discarded(b, spec)
		if len(told) > 0 {
			c.endpoint.server.opts.Observer = told[0]
			c.endpoint.server.listen()
		}
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		out := c.member.Socket.Out()
		out.Resume()
		var batch outbox.Batch
		once := func() {
			receive(c)
			// This is Uncork without the write: a reply finds the outbox empty,
			// as on a connection whose peer reads.
			out.Take(&batch, maxBatch)
			out.Written(&batch)
		}
		for range warmUp {
			once()
		}
		for b.Loop() {
			once()
		}
	}
	received := func(c *conn) { c.Received(true, text, nop{}) }
	b.Run("generated", func(b *testing.B) { run(b, generatedSpec(), received) })
	b.Run("meta", func(b *testing.B) {
		text := []byte(tracedMessage)
		run(b, generatedSpec(), func(c *conn) { c.Received(true, text, nop{}) })
	})
	b.Run("observed", func(b *testing.B) {
		run(b, generatedSpec(), received, Observer{
			Starting: func(context.Context, *Client, string) (context.Context, func(time.Duration, *Error)) { return nil, nil },
			Handled:  func(*Client, string, time.Duration, *Error) {},
		})
	})
	b.Run("std", func(b *testing.B) { run(b, stdSpec(), received) })
	b.Run("std-twice", func(b *testing.B) {
		handlers := map[string]func(*conn, json.RawMessage){"message": replyStdTwice}
		run(b, stdSpec(), func(c *conn) {
			var envelope struct {
				Event string          `json:"event"`
				ID    json.RawMessage `json:"id,omitempty"`
				Data  json.RawMessage `json:"data"`
			}
			if err := json.Unmarshal(text, &envelope); err != nil {
				b.Fatal(err)
			}
			handlers[envelope.Event](c, envelope.Data)
		})
	})
}

func replyStdTwice(c *conn, data json.RawMessage) {
	c.member.Socket.Reply(stdTwice("message", data), true)
}

// stdTwice makes the frame of a reply of a message's data with encoding/json
// only.
func stdTwice(event string, data json.RawMessage) []byte {
	var in sendMessage
	if err := json.Unmarshal(data, &in); err != nil {
		panic(err)
	}
	text, err := json.Marshal(struct {
		Event string `json:"event"`
		Data  any    `json:"data"`
	}{event, &in})
	if err != nil {
		panic(err)
	}
	return frame.Seal(append(make([]byte, frame.HeadRoom, frame.HeadRoom+len(text)), text...))
}

// BenchmarkBeside is a message of 100 bytes with an id that is handled beside the read
// loop, without the goroutine that does it; and the same with a time limit.
func BenchmarkBeside(b *testing.B) {
	text := []byte(strings.Replace(typedMessage, "{", `{"id":1,`, 1))
	run := func(b *testing.B, timeout time.Duration) {
		spec := generatedSpec()
		spec.Handlers[0].Mode, spec.Handlers[0].Timeout = Serial, timeout
		c := discarded(b, spec)
		b.ReportAllocs()
		out := c.member.Socket.Out() // it is held, so nothing is written
		var batch outbox.Batch
		for b.Loop() {
			var frame envelope.Frame
			if err := frame.Parse(text); err != nil {
				b.Fatal(err)
			}
			c.newTask(0, &frame, nil, len(text), nop{}, false).run(false)
			out.Next(&batch, maxBatch)
			out.Written(&batch)
		}
	}
	b.Run("id", func(b *testing.B) { run(b, 0) })
	b.Run("timeout", func(b *testing.B) { run(b, time.Minute) })
}

// BenchmarkItem is a value of a stream, from the value to the queued frame.
func BenchmarkItem(b *testing.B) {
	v := sendMessage{Author: "ann", Text: "hello there, how are you today", Room: "lobby-1"}
	run := func(b *testing.B, send func(*task, sendMessage) error) {
		spec := generatedSpec()
		spec.Handlers[0].Mode, spec.Handlers[0].Stream = Serial, true
		c := discarded(b, spec)
		b.ReportAllocs()
		out := c.member.Socket.Out()
		var batch outbox.Batch
		t := &task{conn: c, id: []byte("1"), own: true}
		for b.Loop() {
			if err := send(t, v); err != nil {
				b.Fatal(err)
			}
			out.Next(&batch, maxBatch)
			out.Written(&batch)
		}
	}
	b.Run("generated", func(b *testing.B) { run(b, itemBy(writeSendMessage)) })
	b.Run("std", func(b *testing.B) { run(b, itemStd[sendMessage]) })
}

// BenchmarkCodec is BenchmarkDispatch without the connection: from the bytes of
// a message to the bytes of its reply.
func BenchmarkCodec(b *testing.B) {
	text := []byte(typedMessage)
	b.Run("generated", func(b *testing.B) {
		call := new(Call)
		front := protocolEvents.appendFront(nil, "message")
		b.ReportAllocs()
		for b.Loop() {
			var frame envelope.Frame
			if err := frame.Parse(text); err != nil || lookupMessage(frame.Event) != 0 {
				b.Fatal(err)
			}
			call.frame = frame
			in, ok := ReadJSON(call, readSendMessage)
			if !ok {
				b.Fatal("not plain")
			}
			call.writer.Reset(envelope.BeginData(append(call.writer.AvailableBuffer(), front...), frame.ID))
			writeSendMessage(&call.writer, in)
			if _, ok := protocolEvents.endFrame(&call.writer); !ok {
				b.Fatal("not written")
			}
		}
	})
	b.Run("std-twice", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var envelope struct {
				Event string          `json:"event"`
				ID    json.RawMessage `json:"id,omitempty"`
				Data  json.RawMessage `json:"data"`
			}
			if err := json.Unmarshal(text, &envelope); err != nil || lookupMessage([]byte(envelope.Event)) != 0 {
				b.Fatal(err)
			}
			stdTwice(envelope.Event, envelope.Data)
		}
	})
}

// BenchmarkScan cuts the same message into event, id and data.
func BenchmarkScan(b *testing.B) {
	text := []byte(typedMessage)
	b.ReportAllocs()
	for b.Loop() {
		var frame envelope.Frame
		if err := frame.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLookup finds the handler of its event, the last of twelve.
func BenchmarkLookup(b *testing.B) {
	event := []byte("message")
	b.ReportAllocs()
	for b.Loop() {
		if lookupOfTwelve(event) != 11 {
			b.Fatal("not found")
		}
	}
}

// lookupOfTwelve is as wsgen generates it for a gateway of twelve events.
func lookupOfTwelve(event []byte) int {
	switch string(event) {
	case "join":
		return 0
	case "leave":
		return 1
	case "typing":
		return 2
	case "history":
		return 3
	case "presence":
		return 4
	case "rename":
		return 5
	case "invite":
		return 6
	case "remove":
		return 7
	case "reaction":
		return 8
	case "messages":
		return 9
	case "receipt":
		return 10
	case "message":
		return 11
	}
	return -1
}

// maxBatch is how many bytes a socket writes at a time, and runBatch how many
// sockets a worker takes at a time.
const maxBatch, runBatch = 64 << 10, 32

// crowd returns a Server with n connections whose outboxes are emptied by take.
func crowd(tb testing.TB, n int, o Options) (s *Server, take func()) {
	tb.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	s = NewServer(o)
	e := NewEndpoint(s, Spec{})
	conns := make([]*conn, n)
	near, far := net.Pipe()
	tb.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	for i := range conns {
		conns[i] = newConn(e, near, nil, httptest.NewRequest("GET", "/", nil), &arrival{})
		s.hub.Add(&conns[i].member, "") // its outbox is held, so nothing is written
	}
	var batch outbox.Batch
	return s, func() {
		for i, c := range conns {
			out := c.member.Socket.Out()
			out.Next(&batch, maxBatch)
			out.Written(&batch)
			if i%runBatch == runBatch-1 || i == n-1 {
				batch.Settle(s.engine.Waiting())
			}
		}
	}
}

// BenchmarkPush pushes to a thousand connections and takes the frames that are
// queued for them, without writing: one push, a hundred in a row, and pushes to
// full outboxes under each policy. The time is that of one push to one
// connection.
func BenchmarkPush(b *testing.B) {
	const conns = 1000
	frame := frame.Text(typedMessage)
	run := func(b *testing.B, o Options, how hub.How, fill, burst int) {
		b.Helper()
		s, take := crowd(b, conns, o)
		all := s.All()
		for range fill {
			all.push("e", frame)
		}
		all.how = how
		b.ReportAllocs()
		for b.Loop() {
			for range burst {
				all.push("e", frame)
			}
			if fill == 0 {
				take()
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*conns*burst), "ns/receiver")
	}
	b.Run("one", func(b *testing.B) { run(b, Options{}, hub.How{}, 0, 1) })
	b.Run("burst", func(b *testing.B) { run(b, Options{}, hub.How{}, 0, 100) })
	b.Run("full", func(b *testing.B) { run(b, Options{}, hub.How{}, defaultOutboxFrames, 1) })
	b.Run("oldest", func(b *testing.B) { run(b, Options{}, hub.How{Overflow: hub.ShedOldest}, defaultOutboxFrames, 1) })
	b.Run("coalesce", func(b *testing.B) { run(b, Options{}, hub.How{Key: "k"}, 0, 1) })
	b.Run("coalesce-burst", func(b *testing.B) { run(b, Options{}, hub.How{Key: "k"}, 0, 100) })
	b.Run("coalesce-full", func(b *testing.B) { run(b, Options{}, hub.How{Key: "k"}, defaultOutboxFrames-1, 1) })
}
