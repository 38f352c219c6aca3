package before_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait      = 10 * time.Second
	pongWait       = 60 * time.Second
	pingPeriod     = pongWait * 9 / 10
	maxMessageSize = 512
)

// Line is what somebody says.
type Line struct {
	Author string `json:"author"`
	Text   string `json:"text"`
}

// Client is a connection with its two goroutines.
type Client struct {
	hub  *Hub
	conn *websocket.Conn
	send chan Line
}

// Hub knows all connections. The page leaves it out.
type Hub struct {
	upgrader             websocket.Upgrader
	broadcast            chan Line
	register, unregister chan *Client
	pumps                sync.WaitGroup
}

func (h *Hub) run(done <-chan struct{}) {
	clients := map[*Client]bool{}
	for {
		select {
		case c := <-h.register:
			clients[c] = true
		case c := <-h.unregister:
			if clients[c] {
				delete(clients, c)
				close(c.send)
			}
		case line := <-h.broadcast:
			for c := range clients {
				select {
				case c.send <- line:
				default:
					delete(clients, c)
					close(c.send)
				}
			}
		case <-done:
			return
		}
	}
}

func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &Client{hub: h, conn: conn, send: make(chan Line, 256)}
	h.register <- c
	h.pumps.Go(c.writePump)
	h.pumps.Go(c.readPump)
}

func (c *Client) readPump() {
	defer func() { c.hub.unregister <- c; c.conn.Close() }()
	c.conn.SetReadLimit(maxMessageSize)
	c.conn.SetReadDeadline(time.Now().Add(pongWait))
	c.conn.SetPongHandler(func(string) error { c.conn.SetReadDeadline(time.Now().Add(pongWait)); return nil })
	for {
		var line Line
		if err := c.conn.ReadJSON(&line); err != nil {
			break
		}
		c.hub.broadcast <- line
	}
}

func (c *Client) writePump() {
	ticker := time.NewTicker(pingPeriod)
	defer func() { ticker.Stop(); c.conn.Close() }()
	for {
		select {
		case line, ok := <-c.send:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if !ok {
				c.conn.WriteMessage(websocket.CloseMessage, []byte{})
				return
			}
			if err := c.conn.WriteJSON(line); err != nil {
				return
			}
		case <-ticker.C:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := c.conn.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		}
	}
}

// TestGorilla runs the pumps of the page, with a hub as the chat example has it.
func TestGorilla(t *testing.T) {
	shows(t, "from-gorilla", "gorilla_test.go")
	h := &Hub{broadcast: make(chan Line), register: make(chan *Client), unregister: make(chan *Client)}
	done := make(chan struct{})
	var hub sync.WaitGroup
	hub.Go(func() { h.run(done) })
	site := httptest.NewServer(h)
	defer site.Close()

	ada := dial(t, site)
	says(t, ada, Line{"ada", "who is here?"})
	hears(t, ada, Line{"ada", "who is here?"}) // so it is registered
	bob := dial(t, site)
	says(t, bob, Line{"bob", "I am"})
	hears(t, bob, Line{"bob", "I am"})
	hears(t, ada, Line{"bob", "I am"})

	says(t, bob, Line{"bob", strings.Repeat("x", maxMessageSize)})
	if _, text, err := bob.ReadMessage(); err == nil {
		t.Errorf("a message beyond the limit is passed on: %s", text)
	}
	_ = ada.Close()
	h.pumps.Wait()
	close(done)
	hub.Wait()
}

func dial(t *testing.T, site *httptest.Server) *websocket.Conn {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial(strings.Replace(site.URL, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func says(t *testing.T, conn *websocket.Conn, line Line) {
	t.Helper()
	if err := conn.WriteJSON(line); err != nil {
		t.Fatal(err)
	}
}

func hears(t *testing.T, conn *websocket.Conn, want Line) {
	t.Helper()
	var got Line
	if err := conn.ReadJSON(&got); err != nil || got != want {
		t.Fatalf("it hears %+v, %v, and not %+v", got, err, want)
	}
}
