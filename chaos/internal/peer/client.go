package peer

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/node"
)

// Client is a client that comes back whenever its connection ends: to the next node,
// if its own does not take it.
type Client struct {
	Name   string
	User   string
	Rooms  []string
	Deaf   bool                     // it reads nothing
	Churns bool                     // it is joined to a room and taken out all the time
	Where  func(attempt int) string // address of the node for the next attempt
	Ledger *Ledger

	ends chan struct{}
	done chan struct{}

	mu    sync.Mutex
	conn  *conn             // guarded by mu
	ended bool              // guarded by mu
	at    string            // guarded by mu; the node's id, with an answer to the join
	last  map[string]record // guarded by mu; by node and stream
	sees  map[string]int    // guarded by mu; who is in the room Seen, and by how many connections
}

// record is the last push of a stream.
type record struct {
	seq uint64
	at  time.Time
}

// Begin has the client connect. End ends it.
func (c *Client) Begin() {
	c.ends, c.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(c.done)
		for attempt := 0; ; attempt++ {
			c.visit(c.Where(attempt))
			select {
			case <-c.ends:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
}

// End ends the client.
func (c *Client) End() {
	close(c.ends)
	c.mu.Lock()
	c.ended = true
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.mu.Unlock()
	<-c.done
}

// At returns the node that the client is at; "" if it is at none.
func (c *Client) At() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Has returns the last push of a stream that it has heard on this connection.
func (c *Client) Has(from, stream string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last[from+stream].seq
}

// Hears reports whether a stream is for the client, and by which room its pushes
// come: the first one of a union that it is in.
func (c *Client) Hears(stream, local string) (by string, ok bool) {
	kind, i := node.Of(stream)
	switch kind {
	case node.ToAll:
		return "all", true
	case node.ToRoom:
		return node.Room(i), slices.Contains(c.Rooms, node.Room(i))
	case node.ToUnion:
		for _, room := range node.Union(i) {
			if slices.Contains(c.Rooms, room) {
				return room, true
			}
		}
	case node.ToUser:
		return c.User, c.User == node.User(i)
	case node.ToLocal:
		return "local", local == "" || local == c.At()
	case node.ToChurn:
		return node.Churn, c.Churns
	}
	return "", false
}

// visit is one connection, from its beginning to its end.
func (c *Client) visit(addr string) {
	if addr == "" {
		return
	}
	conn, err := dial(addr, c.User)
	if err != nil {
		return
	}
	defer conn.Close()
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	c.conn = conn
	c.last, c.sees = make(map[string]record), nil
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.conn, c.at = nil, ""
		c.mu.Unlock()
	}()
	rooms, _ := json.Marshal(c.Rooms)
	if conn.send(fmt.Sprintf(`{"event":"join","id":1,"data":%s}`, rooms)) != nil {
		return
	}
	if c.Deaf {
		if tcp, ok := conn.Conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		select {
		case <-c.ends:
		case <-time.After(deafFor): // its node has given it up long ago
		}
		return
	}
	c.read(conn)
}

// deafFor is longer than a node waits for who does not read.
const deafFor = 15 * time.Second

// message is what comes.
type message struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// visitor is what is known during one connection.
type visitor struct {
	*Client
	numbers map[string]uint64 // by node and channel: the last push
	out     bool              // not in the room Churn
}

func (c *Client) read(conn *conn) {
	v := visitor{Client: c, numbers: make(map[string]uint64), out: true}
	var buf []byte
	for {
		got, err := conn.next(buf[:0])
		if err != nil {
			return
		}
		buf = got
		// A push is read without a parser: there are many.
		if text, ok := strings.CutPrefix(string(got), `{"event":"n","data":"`); ok {
			v.push(strings.TrimSuffix(text, `"}`))
			continue
		}
		var m message
		if err := json.Unmarshal(got, &m); err != nil {
			c.Ledger.Wrong("%s: got %q: %v", c.Name, got, err)
			continue
		}
		switch m.Event {
		case "join":
			var w node.Welcome
			if json.Unmarshal(m.Data, &w) == nil && w.Node != "" {
				c.mu.Lock()
				c.at = w.Node
				c.mu.Unlock()
			}
		case "here":
			c.see(m.Data)
		case "mark":
			v.out = string(m.Data) == `"out"`
		default:
			c.Ledger.Wrong("%s: got %q", c.Name, got)
		}
	}
}

// push checks a numbered push.
func (v *visitor) push(text string) {
	now := time.Now()
	line, ok := node.ReadLine(text)
	if !ok {
		v.Ledger.Wrong("%s: got a push %q", v.Name, text)
		return
	}
	kind := node.Kind(line.Stream[0])
	by, is := v.Hears(line.Stream, "")
	at := v.At()
	switch {
	case !is:
		v.Ledger.Wrong("I4: %s at %s heard %s %d of %s, and is not there", v.Name, short(at), line.Stream, line.Seq, short(line.Node))
		return
	case kind == node.ToLocal && at != "" && line.Node != at:
		v.Ledger.Wrong("I4: %s at %s heard %d to the clients of %s", v.Name, short(at), line.Seq, short(line.Node))
		return
	case kind == node.ToChurn && v.out:
		v.Ledger.Wrong("I4: %s at %s heard %s %d of %s while it was out", v.Name, short(at), line.Stream, line.Seq, short(line.Node))
		return
	case kind == node.ToLocal && at == "":
		return // it has not heard yet where it is
	}
	// By one channel the pushes of a node come in its order, whatever they are for.
	channel := line.Node + by
	if n := v.numbers[channel]; line.Number <= n {
		v.Ledger.Wrong("I3: %s at %s heard %s %d of %s, its push %d, after %d of the same channel: twice, or out of order", v.Name, short(at), line.Stream, line.Seq, short(line.Node), line.Number, n)
		return
	}
	v.numbers[channel] = line.Number
	v.mu.Lock()
	before, had := v.last[line.Node+line.Stream]
	v.last[line.Node+line.Stream] = record{line.Seq, now}
	v.mu.Unlock()
	if had && line.Seq > before.seq+1 && kind != node.ToChurn {
		v.Ledger.gap(Gap{v.Name, at, line.Node, line.Stream, before.seq + 1, line.Seq - 1, before.at, now})
	}
	v.Ledger.note(at, &line, now)
}
