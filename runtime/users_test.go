package ws

import (
	"net"
	"net/http/httptest"
	"testing"
	"time"
)

// TestUsersIndexed: addressing a user costs that user's connections: it does
// not so much as look at the others.
func TestUsersIndexed(t *testing.T) {
	s := NewServer(Options{})
	e := NewEndpoint(s, Spec{})
	for _, id := range []string{"ann", "ann", "bob", ""} {
		near, far := net.Pipe()
		t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
		if !s.registry.add(newConn(e, near, nil, httptest.NewRequest("GET", "/", nil), arrival{principal: Principal{ID: id}})) {
			t.Fatal("not registered")
		}
	}
	s.registry.everyone.mu.Lock() // whoever looks at everyone waits
	defer s.registry.everyone.mu.Unlock()
	reached := make(chan int, 1)
	go func() {
		n, _ := s.Users("ann").Emit("e", 1)
		reached <- n
	}()
	select {
	case n := <-reached:
		if n != 2 {
			t.Errorf("reached %d", n)
		}
	case <-time.After(20 * time.Second):
		t.Error("pushing to a user visits everyone")
	}
}
