// Command gws serves gws as its documentation shows it: one read loop in a
// goroutine for each connection, Broadcaster for pushes.
package main

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/lxzan/gws"

	"github.com/wsgen/wsgen/bench/internal/peer"
)

type handler struct {
	gws.BuiltinEventHandler
	json bool // answer with encoding/json twice instead of the bytes as they came

	mu    sync.Mutex
	conns map[*gws.Conn]struct{}            // guarded by mu
	rooms map[string]map[*gws.Conn]struct{} // members; guarded by mu
}

func main() {
	config := peer.Flags()
	h := &handler{json: config.JSON, conns: map[*gws.Conn]struct{}{}, rooms: map[string]map[*gws.Conn]struct{}{}}
	upgrader := gws.NewUpgrader(h, &gws.ServerOption{
		CheckUtf8Enabled: true,
		PermessageDeflate: gws.PermessageDeflate{
			Enabled: config.Deflate, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15, Threshold: peer.CompressAbove,
		},
	})
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := upgrader.Upgrade(w, r); err == nil {
			go c.ReadLoop()
		}
	})
	peer.Serve(config, "github.com/lxzan/gws", serve, func(room string, size int) error {
		message, err := peer.Encode("tick", peer.Tick(size))
		if err != nil {
			return err
		}
		return h.broadcast(room, message)
	})
}

func (h *handler) OnOpen(c *gws.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[c] = struct{}{}
}

func (h *handler) OnClose(c *gws.Conn, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.rooms[roomOf(c)], c)
	delete(h.conns, c)
}

// OnMessage echoes, joins a room or talks to one. It tells "join" and "say" by a
// single byte, so that an echo pays nothing for them.
func (h *handler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }()
	data := m.Bytes()
	switch {
	case len(data) > 10 && data[10] == 'j':
		h.join(c, data)
	case len(data) > 10 && data[10] == 's':
		h.say(c, data)
	case h.json:
		if answer, err := peer.Twice(data); err == nil {
			_ = c.WriteMessage(gws.OpcodeText, answer)
		}
	default:
		_ = c.WriteMessage(m.Opcode, data)
	}
}

func (h *handler) join(c *gws.Conn, message []byte) {
	var in struct {
		Data struct {
			Room string `json:"room"`
		} `json:"data"`
	}
	if json.Unmarshal(message, &in) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[in.Data.Room] == nil {
		h.rooms[in.Data.Room] = map[*gws.Conn]struct{}{}
	}
	h.rooms[in.Data.Room][c] = struct{}{}
	c.Session().Store("room", in.Data.Room)
}

// roomOf is the room that c has joined, or "".
func roomOf(c *gws.Conn) string {
	room, _ := c.Session().Load("room")
	name, _ := room.(string)
	return name
}

func (h *handler) say(c *gws.Conn, message []byte) {
	answer, err := peer.Twice(message)
	if err != nil {
		return
	}
	_ = h.broadcast(roomOf(c), answer)
}

// broadcast writes to the members of room, or to all if room is "".
func (h *handler) broadcast(room string, message []byte) error {
	b := gws.NewBroadcaster(gws.OpcodeText, message)
	defer func() { _ = b.Close() }()
	h.mu.Lock()
	defer h.mu.Unlock()
	if room == "" {
		for c := range h.conns {
			_ = b.Broadcast(c)
		}
	}
	for c := range h.rooms[room] {
		_ = b.Broadcast(c)
	}
	return nil
}
