package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/wsgen/wsgen/bench/clients/board"
)

// feed is a server that is no limit: it writes messages that were encoded before,
// many at once, as fast as a client takes them. It speaks as much of each protocol as
// that takes.
type feed struct {
	at       string
	server   *http.Server
	messages map[string][]byte // by protocol: perWrite of them, as frames
}

// perWrite is how many messages are written at once.
const perWrite = 100

// newFeed begins to serve on the loopback.
func newFeed() (*feed, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(board.Line{
		Author: "ann", Text: strings.Repeat("hello there, ", 8), At: 1_800_000_000_000, Number: 12_345,
	})
	if err != nil {
		return nil, err
	}
	f := &feed{at: l.Addr().String(), messages: map[string][]byte{
		"plain":     frames(fmt.Sprintf(`{"event":"added","data":%s}`, line)),
		"socket.io": frames(fmt.Sprintf(`42["added",%s]`, line)),
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("/bare", f.bare)
	mux.HandleFunc("/board", f.board)
	mux.HandleFunc("/socket.io/", f.socketIO)
	f.server = &http.Server{Handler: mux}
	go func() { _ = f.server.Serve(l) }()
	return f, nil
}

// frames returns perWrite text frames (RFC 6455, section 5.2) of one text.
func frames(text string) []byte {
	head := []byte{0x81, byte(len(text))}
	if len(text) > 125 {
		head = []byte{0x81, 126, byte(len(text) >> 8), byte(len(text))}
	}
	return bytes.Repeat(append(head, text...), perWrite)
}

// accept upgrades a request and serves it: talk answers each text until it fails.
func accept(w http.ResponseWriter, r *http.Request, protocols []string, hello string, talk func(c *websocket.Conn, text string) error) {
	u := websocket.Upgrader{Subprotocols: protocols, CheckOrigin: func(*http.Request) bool { return true }}
	c, err := u.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	if hello != "" && c.WriteMessage(websocket.TextMessage, []byte(hello)) != nil {
		return
	}
	for {
		_, text, err := c.ReadMessage()
		if err != nil || talk(c, string(text)) != nil {
			return
		}
	}
}

// pour writes n messages of a protocol, and then says so.
func (f *feed) pour(c *websocket.Conn, protocol string, n int, end string) error {
	for range n / perWrite {
		if _, err := c.NetConn().Write(f.messages[protocol]); err != nil {
			return err
		}
	}
	return c.WriteMessage(websocket.TextMessage, []byte(end))
}

// start is a call that has messages come.
type start struct {
	Event string `json:"event"`
	ID    int    `json:"id"`
	Data  struct {
		Lines int `json:"lines"`
	} `json:"data"`
}

func (f *feed) answer(c *websocket.Conn, text string) error {
	var s start
	if err := json.Unmarshal([]byte(text), &s); err != nil || s.Event != "start" {
		return err // what else a client says needs no answer
	}
	return f.pour(c, "plain", s.Data.Lines, fmt.Sprintf(`{"event":"start","id":%d,"data":%d}`, s.ID, s.Data.Lines))
}

// bare speaks the envelope and nothing else.
func (f *feed) bare(w http.ResponseWriter, r *http.Request) { accept(w, r, nil, "", f.answer) }

// board speaks wsgen.v1.json.
func (f *feed) board(w http.ResponseWriter, r *http.Request) {
	accept(w, r, []string{"wsgen.v1.json"}, "", func(c *websocket.Conn, text string) error {
		if strings.HasPrefix(text, `{"event":"$connect"`) {
			return c.WriteMessage(websocket.TextMessage,
				[]byte(`{"event":"$connected","data":{"sid":"s","resumed":false,"seq":0,"heartbeatMs":25000,"maxBytes":65536}}`))
		}
		return f.answer(c, text)
	})
}

// emitted is an event with an acknowledgement, as Socket.IO has it (protocol 5).
var emitted = regexp.MustCompile(`^42(\d+)\["start",(\d+)\]$`)

// socketIO speaks Engine.IO 4 and Socket.IO 5 over WebSocket.
func (f *feed) socketIO(w http.ResponseWriter, r *http.Request) {
	hello := `0{"sid":"e","upgrades":[],"pingInterval":600000,"pingTimeout":600000,"maxPayload":1000000}`
	accept(w, r, nil, hello, func(c *websocket.Conn, text string) error {
		if text == "40" {
			return c.WriteMessage(websocket.TextMessage, []byte(`40{"sid":"s"}`))
		}
		m := emitted.FindStringSubmatch(text)
		if m == nil {
			return nil
		}
		var n int
		if _, err := fmt.Sscan(m[2], &n); err != nil {
			return err
		}
		return f.pour(c, "socket.io", n, fmt.Sprintf(`43%s[%d]`, m[1], n))
	})
}
