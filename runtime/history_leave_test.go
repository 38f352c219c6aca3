package ws

import (
	"fmt"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/history"
)

// TestFollowersLeave: nothing is left of a follower that has left its room, or is
// gone.
func TestFollowersLeave(t *testing.T) {
	s := NewServer(Options{})
	defer s.history.tails.Close()
	p := NewKeptPush(s, Log{Name: "test", Size: 10, TTL: time.Hour}, func(t Target) Target { return t })
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	e := NewEndpoint(s, Spec{})
	var conns []*conn
	for i := range 3 {
		c := newConn(e, near, nil, httptest.NewRequest("GET", "/", nil), &arrival{})
		if !s.hub.Add(&c.member, "ann") {
			t.Fatal("not registered")
		}
		for _, err := range []error{p.Follow(c.asClient(), "a", "b"), p.FollowUser(c.asClient()), p.Follow(c.asClient(), "a", fmt.Sprint(i))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		conns = append(conns, c)
	}
	follow := func(user bool, name string) int {
		return len(s.history.tails.All(history.Key{Log: p.keeps.log, User: user, Name: name}))
	}
	want := func(a, b, ann int) {
		t.Helper()
		if follow(false, "a") != a || follow(false, "b") != b || follow(true, "ann") != ann {
			t.Errorf("%d follow a, %d b, %d ann; want %d, %d, %d", follow(false, "a"), follow(false, "b"), follow(true, "ann"), a, b, ann)
		}
	}
	want(3, 3, 3)
	conns[0].Leave("a")
	want(2, 3, 3)
	s.In("a").Leave("b") // the two that are left there
	want(2, 1, 3)
	for i, c := range conns {
		s.hub.LeaveAll(&c.member)
		s.hub.Remove(&c.member)
		if err := p.Follow(c.asClient(), "a"); err != ErrClosed {
			t.Error(err)
		}
		if i == 0 {
			want(2, 0, 2)
		}
	}
	want(0, 0, 0)
	if n := s.Stats().History; n.Messages != 0 || n.Kept != 0 || n.CatchUps != 0 {
		t.Errorf("%+v", n)
	}
}

// FuzzClaims: whatever a client claims, it is not more than may be.
func FuzzClaims(f *testing.F) {
	for _, text := range []string{`{}`, `null`, `[]`, `{"MYIcIYJwuFM":"k3Jx.1042"}`, `{"MYIcIYJwuFM":1}`, `{"a":"b"}`, `{"MYIcIYJwuFM":"\ud800"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at, ok := readClaims(data)
		if !ok && at != nil || len(at) > maxClaims {
			t.Errorf("%d, %v", len(at), ok)
		}
		for id, position := range at {
			if len(id) != history.IDBytes || len(position) > history.MaxPosition {
				t.Errorf("%q: %q", id, position)
			}
		}
	})
}
