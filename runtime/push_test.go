package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// lobby is a gateway whose handlers do one verb of Client each.
func lobby(clients chan<- *ws.Client) gateway {
	names := func(c *ws.Call) (rooms []string, err error) { err = c.Decode(&rooms); return rooms, err }
	return gateway{
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
			if clients != nil {
				clients <- c
			}
			return nil, nil
		},
		on: map[string]handler{
			"echo": inline(echo),
			"join": inline(func(c *ws.Call) error {
				rooms, err := names(c)
				if err != nil {
					return err
				}
				return c.Client().Join(rooms...)
			}),
			"say": inline(func(c *ws.Call) error {
				var room string
				if err := c.Decode(&room); err != nil {
					return err
				}
				_, err := c.Client().To(room, "said", room)
				return err
			}),
			"leave": inline(func(c *ws.Call) error {
				rooms, err := names(c)
				c.Client().Leave(rooms...)
				return err
			}),
		},
	}
}

// member is a connected peer with its Client.
type member struct {
	*peer
	client *ws.Client
}

// members connects n peers, each in the rooms given.
func members(t *testing.T, s *site, clients <-chan *ws.Client, rooms ...[]string) []member {
	t.Helper()
	var out []member
	for _, in := range rooms {
		p := s.dial(t, "/ws")
		m := member{p, <-clients}
		if err := m.client.Join(in...); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// quiet checks that nothing else was sent to the members before now.
func quiet(t *testing.T, ms ...member) {
	t.Helper()
	for _, m := range ms {
		m.send(`{"event":"echo","data":"sync"}`)
		m.want(`{"event":"echo","data":"sync"}`)
	}
}

// TestVerbs has every verb of Server, Target, Push, Client and Sender reach the
// connections that it says, and no other.
func TestVerbs(t *testing.T) {
	clients := make(chan *ws.Client, 3)
	s := serve(t, ws.Options{}, lobby(clients))
	ms := members(t, s, clients, []string{"a", "b"}, []string{"a"}, nil)
	x, y, z := ms[0], ms[1], ms[2]
	ids := []ws.ConnID{x.client.ID(), y.client.ID(), z.client.ID()}
	push := ws.NewPush(s.Server, func(t ws.Target) ws.Target { return t })

	for _, c := range []struct {
		name string
		emit func() (int, error)
		to   []member
	}{
		{"Server.Broadcast", func() (int, error) { return s.Broadcast("e", 1) }, ms},
		{"Server.EmitTo", func() (int, error) { return s.EmitTo("a", "e", 1) }, []member{x, y}},
		{"Server.EmitTo a room nobody is in", func() (int, error) { return s.EmitTo("nobody", "e", 1) }, nil},
		{"Server.Emit", counted(func() (bool, error) { return s.Emit(ids[1], "e", 1) }), []member{y}},
		{"Server.Emit to nobody", counted(func() (bool, error) { return s.Emit(1, "e", 1) }), nil},
		{"All", func() (int, error) { return s.All().Emit("e", 1) }, ms},
		{"In, a union once", func() (int, error) { return s.In("a", "b").Emit("e", 1) }, []member{x, y}},
		{"In nothing", func() (int, error) { return s.In().Emit("e", 1) }, nil},
		{"Conn", func() (int, error) { return s.Conn(ids[0], ids[2], ids[0]).Emit("e", 1) }, []member{x, z}},
		{"Users", func() (int, error) { return s.Users("ann").Emit("e", 1) }, nil},
		{"Except", func() (int, error) { return s.All().Except(ids[0]).Except(ids[2]).Emit("e", 1) }, []member{y}},
		{"zero Target", func() (int, error) { return ws.Target{}.Emit("e", 1) }, nil},
		{"Client.Emit", one(func() error { return z.client.Emit("e", 1) }), []member{z}},
		{"Client.To, as a member", func() (int, error) { return x.client.To("b", "e", 1) }, []member{x}},
		{"Client.To, from outside", func() (int, error) { return z.client.To("b", "e", 1) }, []member{x}},
		{"Client.Broadcast", func() (int, error) { return x.client.Broadcast("e", 1) }, ms},
		{"Client.Others", func() (int, error) { return x.client.Others().Emit("e", 1) }, []member{y, z}},
		{"Client.Others of rooms", func() (int, error) { return x.client.Others("a", "b").Emit("e", 1) }, []member{y}},
		{"Sender.Emit", one(func() error { return y.client.Sender().Emit("e", 1) }), []member{y}},
		{"Push.All", func() (int, error) { return push.All().Emit("e", 1) }, ms},
		{"Push.In", func() (int, error) { return push.In("a").Emit("e", 1) }, []member{x, y}},
		{"Push.Conn", func() (int, error) { return push.Conn(ids[2]).Emit("e", 1) }, []member{z}},
		{"Push.Client", func() (int, error) { return push.Client(y.client).Emit("e", 1) }, []member{y}},
		{"Push.Users", func() (int, error) { return push.Users("ann").Emit("e", 1) }, nil},
		{"Push.Except", func() (int, error) { return push.Except(ids[0]).In("a").Emit("e", 1) }, []member{y}},
		{"Push.To", func() (int, error) { return push.Except(ids[0]).To(s.All()).Emit("e", 1) }, []member{y, z}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := c.emit()
			if n != len(c.to) || err != nil {
				t.Errorf("reached %d, %v; want %d", n, err, len(c.to))
			}
			for _, m := range c.to {
				m.want(`{"event":"e","data":1}`)
			}
			quiet(t, ms...)
		})
	}

	t.Run("counts and lists", func(t *testing.T) {
		if n := s.ConnectionCount(); n != 3 {
			t.Errorf("ConnectionCount %d", n)
		}
		if n := s.In("a", "b").Count(); n != 2 {
			t.Errorf("Count %d", n)
		}
		var got []ws.ConnID
		for c := range s.In("a").Clients() {
			c.Leave("none") // no lock is held in the loop
			got = append(got, c.ID())
		}
		slices.Sort(got)
		if !slices.Equal(got, ids[:2]) {
			t.Errorf("Clients %v", got)
		}
		if rooms := s.In("a", "b").Rooms(); !slices.Equal(rooms, []string{"a", "b"}) {
			t.Errorf("Target.Rooms %v", rooms)
		}
		if rooms := x.client.Rooms(); !slices.Equal(rooms, []string{"a", "b"}) {
			t.Errorf("Client.Rooms %v", rooms)
		}
		if got := s.Stats(); got.Connections != 3 || got.Rooms != 2 || got.Opened != 3 || got.Accepted == 0 {
			t.Errorf("Stats %+v", got)
		}
	})
	t.Run("join and leave", func(t *testing.T) {
		if err := s.Conn(ids[2]).Join("c"); err != nil {
			t.Fatal(err)
		}
		if err := z.client.Join("c", "c"); err != nil {
			t.Fatal(err)
		}
		if n, _ := s.EmitTo("c", "e", 2); n != 1 {
			t.Errorf("joined twice, reached %d", n)
		}
		z.want(`{"event":"e","data":2}`)
		s.All().Leave("c")
		z.client.Leave("c")
		if n, _ := s.EmitTo("c", "e", 2); n != 0 || s.Stats().Rooms != 2 {
			t.Errorf("left, reached %d in %d rooms", n, s.Stats().Rooms)
		}
	})
	t.Run("text and JSON", func(t *testing.T) {
		if err := x.client.Sender().Send("plain <text>"); err != nil {
			t.Error(err)
		}
		if err := x.client.Sender().SendJSON(map[string]string{"type": "broadcast", "msg": "<hi>"}); err != nil {
			t.Error(err)
		}
		if err := x.client.Sender().Send("\xff"); err == nil {
			t.Error("sent text that is not UTF-8")
		}
		x.want("plain <text>", `{"msg":"<hi>","type":"broadcast"}`)
	})
	t.Run("a value that cannot be encoded is sent to nobody", func(t *testing.T) {
		v := math.NaN()
		_, errs := s.Broadcast("e", v)
		_, err2 := s.EmitTo("a", "e", v)
		_, err3 := s.Emit(ids[0], "e", v)
		_, err4 := x.client.To("a", "e", v)
		for i, err := range []error{errs, err2, err3, err4, x.client.Emit("e", v), x.client.Sender().SendJSON(v)} {
			if unsupported := (*json.UnsupportedValueError)(nil); !errors.As(err, &unsupported) {
				t.Errorf("%d: %v", i, err)
			}
		}
		quiet(t, ms...)
		if !strings.Contains(s.logs.String(), "push not sent") {
			t.Error("a push that was sent to nobody is not in the log")
		}
	})
	t.Run("reserved names", func(t *testing.T) {
		for _, name := range []string{"", "error", "$x"} {
			if _, err := s.Broadcast(name, 1); err == nil {
				t.Errorf("%q was pushed", name)
			}
		}
		quiet(t, ms...)
	})
	t.Run("a large push", func(t *testing.T) {
		big := strings.Repeat("x", 200_000)
		if n, err := s.Broadcast("e", big); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		for _, m := range ms {
			m.want(`{"event":"e","data":"` + big + `"}`)
		}
	})
	t.Run("disconnect", func(t *testing.T) {
		if n := s.Conn(ids[2]).Disconnect(4000, "off you go"); n != 1 {
			t.Errorf("closed %d", n)
		}
		if reason := z.wantClose(4000); reason != "off you go" {
			t.Errorf("reason %q", reason)
		}
	})
}

func counted(f func() (bool, error)) func() (int, error) {
	return func() (int, error) {
		ok, err := f()
		if ok {
			return 1, err
		}
		return 0, err
	}
}

func one(f func() error) func() (int, error) { return func() (int, error) { return 1, f() } }

// TestAfterClose has every handle of a connection that is gone say so.
func TestAfterClose(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{}, lobby(clients))
	p := s.dial(t, "/ws")
	c := <-clients
	id, sender := c.ID(), c.Sender()
	if err := sender.Close(ws.CloseNormal, "bye"); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		for name, err := range map[string]error{
			"Send": sender.Send("x"), "SendJSON": sender.SendJSON(1), "Sender.Emit": sender.Emit("e", 1),
			"Client.Emit": c.Emit("e", 1), "Close": c.Close(ws.CloseNormal, ""),
		} {
			if !errors.Is(err, ws.ErrClosed) {
				t.Errorf("%s: %s: %v", when, name, err)
			}
		}
		if ok, err := s.Emit(id, "e", 1); ok || err != nil {
			t.Errorf("%s: Server.Emit: %v, %v", when, ok, err)
		}
		select {
		case <-sender.Done():
		default:
			t.Errorf("%s: Done is open", when)
		}
		if c.Context().Err() == nil {
			t.Errorf("%s: context is alive", when)
		}
	}
	check("closing")
	p.wantClose(ws.CloseNormal)
	eventually(t, "gone", func() bool { return s.Stats().Connections == 0 })
	check("gone")
	if err := c.Join("a"); !errors.Is(err, ws.ErrClosed) {
		t.Errorf("Join: %v", err)
	}
	if s.Stats().Rooms != 0 {
		t.Error("a room is left")
	}
}

func TestZeroHandles(t *testing.T) {
	var c ws.Client
	var s ws.Sender
	if c.Sender() != s {
		t.Error("Sender is not comparable")
	}
	for i, err := range []error{c.Emit("e", 1), c.Join("a"), c.Close(1000, ""), s.Send(""), s.SendJSON(1), s.Emit("e", 1), s.Close(1000, "")} {
		if !errors.Is(err, ws.ErrClosed) {
			t.Errorf("%d: %v", i, err)
		}
	}
	<-s.Done()
	<-c.Context().Done()
	c.Leave("a")
	if n, err := c.Broadcast("e", 1); n != 0 || err != nil || c.ID() != 0 || c.Server() != nil || c.Rooms() != nil || c.PathValue("x") != "" {
		t.Error("the zero Client is something")
	}
	if err := c.Close(1005, ""); err == nil || errors.Is(err, ws.ErrClosed) {
		t.Errorf("a code that must not be sent: %v", err)
	}
}

func TestConnID(t *testing.T) {
	id := ws.ConnID(0x00ab_cdef_0123_4567)
	raw, err := json.Marshal(map[ws.ConnID]ws.ConnID{id: id})
	if err != nil || string(raw) != `{"00abcdef01234567":"00abcdef01234567"}` {
		t.Fatal(string(raw), err)
	}
	back := map[ws.ConnID]ws.ConnID{}
	if err := json.Unmarshal(raw, &back); err != nil || back[id] != id {
		t.Fatal(back, err)
	}
	for _, text := range []string{"", "1", "00abcdef0123456g", "00abcdef012345670"} {
		if err := new(ws.ConnID).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestPushFake is a service's test as users write it: no Server, a fake of the
// interface.
func TestPushFake(t *testing.T) {
	var rooms []string
	push := ws.NewPush(nil, func(t ws.Target) func() { return func() { rooms = t.Rooms() } })
	push.Except(1).In("lobby")()
	if !slices.Equal(rooms, []string{"lobby"}) {
		t.Error(rooms)
	}
}
