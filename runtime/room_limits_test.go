package ws_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestRoomLimits: a connection is in so many rooms, of names so long. A Join
// beyond that joins none of its rooms.
func TestRoomLimits(t *testing.T) {
	clients := make(chan *ws.Client, 2)
	s := serve(t, ws.Options{MaxRooms: 3, MaxRoomBytes: 10}, lobby(clients))
	s.dial(t, "/ws")
	s.dial(t, "/ws")
	c, other := <-clients, <-clients
	if err := errors.Join(c.Join("a", "a", "b"), c.Join("b", "1234567890")); err != nil {
		t.Fatal(err)
	}
	for _, join := range []func(...string) error{c.Join, func(rooms ...string) error { return s.Conn(c.ID()).Join(rooms[0]) }} {
		if err := join("c"); !errors.Is(err, ws.ErrTooManyRooms) {
			t.Errorf("a fourth room: %v", err)
		}
		if err := join("12345678901"); !errors.Is(err, ws.ErrRoomName) {
			t.Errorf("a long name: %v", err)
		}
	}
	c.Leave("b")
	if err := c.Join("c", "d"); !errors.Is(err, ws.ErrTooManyRooms) {
		t.Error(err)
	}
	if got := c.Rooms(); !slices.Equal(got, []string{"1234567890", "a"}) {
		t.Errorf("in %q", got)
	}
	if n := s.Stats().Rooms; n != 2 {
		t.Errorf("%d rooms", n)
	}
	if err := s.All().Join("c"); err != nil {
		t.Error(err)
	}
	if err := s.All().Join("d"); !errors.Is(err, ws.ErrTooManyRooms) || !slices.Contains(other.Rooms(), "d") {
		t.Errorf("one is full, the other joins: %v, %q", err, other.Rooms())
	}
}

// TestHostileNames: the name of a room is opaque bytes, and a name from
// outside never makes a line of the log.
func TestHostileNames(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{MaxMessageBytes: 4 << 20}, lobby(clients))
	p := s.dial(t, "/ws")
	c := <-clients
	names := []string{"", "\x00", "a\r\nlevel=ERROR msg=forged", "*", "room.*", "[a-z]", "../..", "\u202e", "%s%n", "a\x00b", strings.Repeat("x", 256)}
	for i, name := range names {
		if err := c.Join(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if n := s.In(name).Count(); n != 1 || len(c.Rooms()) != i+1 {
			t.Errorf("%q: %d members, in %d rooms", name, n, len(c.Rooms()))
		}
	}
	if n := s.In("room.x", "a").Count(); n != 0 {
		t.Errorf("a pattern reached %d", n)
	}
	p.send(`{"event":"join","id":1,"data":[%q]}`, strings.Repeat("y", 1<<20))
	p.want(`{"event":"error","id":1,"data":{"code":"too_large","message":"the name of a room has at most 256 bytes","event":"join"}}`)

	for _, name := range []string{`\u0000`, `a\r\nlevel=ERROR msg=forged`, `*`, strings.Repeat("x", 128)} {
		p.send(`{"event":"%s","id":2}`, name)
		if got := p.next(); !strings.Contains(got, `"code":"unknown_event"`) {
			t.Errorf("%.50s: %.200s", name, got)
		}
	}
	p.send(`{"event":"%s","id":3}`, strings.Repeat("x", 1<<20))
	p.want(`{"event":"error","id":3,"data":{"code":"bad_frame","message":"the name of an event has at most 128 bytes"}}`)
	for line := range strings.Lines(s.logs.String()) {
		if !strings.HasPrefix(line, "time=") || len(line) > 2000 {
			t.Errorf("a name made a line of the log: %.100q", line)
		}
	}
}

// TestRoomMemory: one connection in as many rooms of its own as it may be, with
// names as long as they may be, costs what docs/guide/strict.md counts, and
// nothing once it has left.
func TestRoomMemory(t *testing.T) {
	const connections, perConnection = 8, 414 << 10
	clients := make(chan *ws.Client, connections)
	s := serve(t, ws.Options{}, lobby(clients))
	all := make([]*ws.Client, connections)
	for i := range all {
		s.dial(t, "/ws")
		all[i] = await(t, "a connection", clients)
	}
	before := heapInUse()
	for i, c := range all {
		for room := range 1024 {
			if err := c.Join(fmt.Sprintf("%02d-%04d-", i, room) + strings.Repeat("x", 248)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Join("another"); !errors.Is(err, ws.ErrTooManyRooms) {
			t.Fatal(err)
		}
	}
	cost := (heapInUse() - before) / connections
	t.Logf("%d bytes a connection", cost)
	if cost > perConnection*11/10 || cost < perConnection*9/10 {
		t.Errorf("%d bytes a connection, the guide says about %d", cost, perConnection)
	}
	for _, c := range all {
		c.Leave(c.Rooms()...)
	}
	if left := (heapInUse() - before) / connections; left > perConnection/4 {
		t.Errorf("%d bytes a connection are left", left)
	}
}
