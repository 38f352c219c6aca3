package livetest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// Conn is a client of one gateway. It is used from one goroutine. Every failure ends the test.
type Conn struct {
	t      testing.TB
	ws     *websocket.Conn
	lastID int
	ahead  []string // frames that were read while looking for another
}

// Dial connects to the gateway at path.
func (l *Live) Dial(t testing.TB, path string) *Conn { return Dial(t, l.Client, l.URL+path) }

// Dial connects to the gateway at an http URL.
func Dial(t testing.TB, client *http.Client, url string) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatalf("dial %s: %v", url, err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &Conn{t: t, ws: conn}
}

// SendText sends a text message as it is.
func (c *Conn) SendText(text string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatalf("write %.100s: %v", text, err)
	}
}

// Send sends an event without id: it asks for no answer.
func (c *Conn) Send(event string, data any) {
	c.t.Helper()
	c.SendText(encode(c.t, map[string]any{"event": event, "data": data}))
}

// Next returns the next frame as it came.
func (c *Conn) Next() string {
	c.t.Helper()
	if len(c.ahead) > 0 {
		next := c.ahead[0]
		c.ahead = c.ahead[1:]
		return next
	}
	return c.read()
}

func (c *Conn) read() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	_, text, err := c.ws.Read(ctx)
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return string(text)
}

// Expect reads the next frame, which must be want to the byte.
func (c *Conn) Expect(want string) {
	c.t.Helper()
	if got := c.Next(); got != want {
		c.t.Fatalf("got  %.300s\nwant %.300s", got, want)
	}
}

// Request sends an event with an id and returns the data of its answer. It keeps frames that arrive in
// between for Next.
func (c *Conn) Request(event string, data any) string {
	c.t.Helper()
	name, answer := c.exchange(event, data)
	if name != event {
		c.t.Fatalf("%s was refused: %s", event, answer)
	}
	return answer
}

// Refused sends an event with an id, which must be answered by an error, and returns its code.
func (c *Conn) Refused(event string, data any) string {
	c.t.Helper()
	name, answer := c.exchange(event, data)
	if name != "error" {
		c.t.Fatalf("%s was answered %s, want an error", event, answer)
	}
	var e struct{ Code, Event string }
	decode(c.t, answer, &e)
	if e.Event != event {
		c.t.Fatalf("the error names event %q, want %q", e.Event, event)
	}
	return e.Code
}

func (c *Conn) exchange(event string, data any) (name, answer string) {
	c.t.Helper()
	c.lastID++
	c.SendText(encode(c.t, map[string]any{"event": event, "id": c.lastID, "data": data}))
	for {
		text := c.read()
		var frame struct {
			Event string
			ID    json.RawMessage
			Data  json.RawMessage
		}
		decode(c.t, text, &frame)
		if string(frame.ID) == strconv.Itoa(c.lastID) {
			return frame.Event, string(frame.Data)
		}
		c.ahead = append(c.ahead, text)
	}
}

// Barrier returns the frames that arrived before the answer to a request of this connection. All
// pushes before the call are among them, so a push that is missing was never made.
func (c *Conn) Barrier(event string) []string {
	c.t.Helper()
	c.exchange(event, map[string]string{"room": "barrier", "author": "barrier"})
	return c.Ahead()
}

// Ahead returns the frames that were kept for Next, and keeps them no more.
func (c *Conn) Ahead() []string {
	got := c.ahead
	c.ahead = nil
	return got
}

// Silent checks that nothing was pushed to this connection. It sends event as a request to find out.
func (c *Conn) Silent(event string) {
	c.t.Helper()
	if got := c.Barrier(event); len(got) > 0 {
		c.t.Fatalf("unexpected frames:\n%.500s", strings.Join(got, "\n"))
	}
}

// CloseCode reads to the end of the connection and returns its code, -1 when no Close came.
func (c *Conn) CloseCode() int {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for {
		if _, _, err := c.ws.Read(ctx); err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}

// Close ends the connection politely.
func (c *Conn) Close() {
	c.t.Helper()
	if err := c.ws.Close(websocket.StatusNormalClosure, ""); err != nil {
		c.t.Fatalf("close: %v", err)
	}
}

// encode returns v as JSON. It leaves <, > and & as they are, like a browser.
func encode(t testing.TB, v any) string {
	t.Helper()
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func decode(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
}
