package ws_test

import (
	"context"
	"fmt"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestZeroServer: the zero Server stands in for one in the test of a service: it
// has no connections, and pushes reach nobody.
func TestZeroServer(t *testing.T) {
	s := new(ws.Server)
	if n, err := s.Broadcast("e", 1); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := s.EmitTo("room", "e", 1); n != 0 || err != nil {
		t.Error(n, err)
	}
	if found, err := s.Emit(1, "e", 1); found || err != nil {
		t.Error(found, err)
	}
	if _, err := s.Broadcast("e", func() {}); err == nil {
		t.Error("what cannot be encoded is no error")
	}
	for name, to := range map[string]ws.Target{"all": s.All(), "in": s.In("room"), "conn": s.Conn(1), "users": s.Users("ada")} {
		to.Leave("room")
		if err := to.Join("room"); to.Count() != 0 || to.Disconnect(ws.CloseNormal, "") != 0 || err != nil {
			t.Error(name, "is somebody", err)
		}
		for c := range to.Clients() {
			t.Error(name, "has", c)
		}
	}
	if s.ConnectionCount() != 0 || s.Stats() != (ws.Stats{}) {
		t.Error(s.ConnectionCount(), s.Stats())
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestPrintClient: a Client is printed as its id, and nothing else of it is read,
// by whatever prints with package fmt.
func TestPrintClient(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{})
	p := s.dial(t, "/ws")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			_, _ = s.Broadcast("e", "somebody's secret")
		}
	}()
	for c := range s.All().Clients() {
		for range 200 {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
				if text := fmt.Sprintf(verb, c); text != c.ID().String() {
					t.Fatalf("%s prints %q", verb, text)
				}
			}
		}
	}
	<-done
	_ = p.conn.Close()
	if text := fmt.Sprint(new(ws.Client), (*ws.Client)(nil)); text != "0000000000000000 <nil>" {
		t.Errorf("the zero Client and nil print %q", text)
	}
}
