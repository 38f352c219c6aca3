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

// Conn is a client of a program that runs. What is served in the test itself has wstest.Conn. It is used
// from one goroutine. Every failure ends the test.
type Conn struct {
	t      testing.TB
	ws     *websocket.Conn
	lastID int
}

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

// Send sends an event without id: it asks for no answer.
func (c *Conn) Send(event string, data any) {
	c.t.Helper()
	c.send(map[string]any{"event": event, "data": data})
}

// Request sends an event with an id and returns the data of its answer. What arrives in between is
// dropped.
func (c *Conn) Request(event string, data any) string {
	c.t.Helper()
	c.lastID++
	c.send(map[string]any{"event": event, "id": c.lastID, "data": data})
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for {
		_, text, err := c.ws.Read(ctx)
		if err != nil {
			c.t.Fatalf("read: %v", err)
		}
		var frame struct {
			Event    string
			ID, Data json.RawMessage
		}
		if err := json.Unmarshal(text, &frame); err != nil {
			c.t.Fatalf("%.200s: %v", text, err)
		}
		switch {
		case string(frame.ID) != strconv.Itoa(c.lastID):
		case frame.Event != event:
			c.t.Fatalf("%s was refused: %s", event, frame.Data)
		default:
			return string(frame.Data)
		}
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

// send leaves <, > and & as they are, like a browser.
func (c *Conn) send(frame any) {
	c.t.Helper()
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(frame); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(text.String())); err != nil {
		c.t.Fatalf("write %.100s: %v", text.String(), err)
	}
}
