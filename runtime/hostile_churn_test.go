package ws_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestHostileChurn: 10 000 connections come, join a room each, and leave in one
// of six ways. Every disconnect hook runs once.
func TestHostileChurn(t *testing.T) {
	const crowd = 10_000
	var hooks atomic.Int64
	g := village()
	g.disconnect = func(context.Context, *ws.Client, any, ws.Closed) { hooks.Add(1) }
	s := besiege(t, ws.Options{}, g)
	before := hooks.Load()
	ways := []func(p *peer){
		func(p *peer) { p.leave() },          // as the standard says
		func(p *peer) { _ = p.conn.Close() }, // without a word
		func(p *peer) { // a reset
			_ = p.conn.(*net.TCPConn).SetLinger(0)
			_ = p.conn.Close()
		},
		func(p *peer) { // in the middle of a frame
			p.raw(frame(text, []byte(`{"event":"echo"}`))[:9])
			_ = p.conn.Close()
		},
		func(p *peer) { // thrown out for what it sent
			p.raw([]byte{text, 0})
			p.wantClose(ws.CloseProtocol)
			_ = p.conn.Close()
		},
		func(p *peer) { // thrown out by the application
			p.send(`{"event":"kick"}`)
			p.wantClose(ws.ClosePolicy)
			_ = p.conn.Close()
		},
	}
	swarm(crowd, func(i int) {
		p := s.join()
		p.send(`{"event":"join","id":1,"data":["room %d","all"]}`, i)
		p.want(`{"event":"join","id":1,"data":null}`)
		ways[i%len(ways)](p)
	})
	eventually(t, "all have left", func() bool { return s.Stats().Connections == 1 && hooks.Load() == before+crowd })
	s.over()
}

// TestHostileDeaf: 24 MiB are broadcast while one member never reads. The
// others get every push, the deaf one holds no more than its outbox, and in
// the end it is closed.
func TestHostileDeaf(t *testing.T) {
	const pushes, size = 384, 64 << 10 // 24 MiB
	closed := make(chan ws.Closed, 1)
	g := village()
	g.disconnect = func(_ context.Context, c *ws.Client, _ any, why ws.Closed) {
		if len(c.Rooms()) == 1 {
			closed <- why
		}
	}
	s := besiege(t, ws.Options{WriteTimeout: 2 * time.Second, OutboxBytes: 1 << 20}, g)
	deaf := s.join()
	deaf.send(`{"event":"join","id":1,"data":["deaf"]}`)
	deaf.want(`{"event":"join","id":1,"data":null}`)
	data := strings.Repeat("x", size)
	most := 0
	for i := range pushes {
		n, err := s.Broadcast("e", data)
		if n < 1 || err != nil {
			t.Fatal(i, n, err)
		}
		if got := s.old.next(); len(got) < size { // a peer that reads gets each, at once
			t.Fatalf("%.100s", got)
		}
		if i%64 == 63 {
			most = max(most, heapInUse())
		}
	}
	if most > s.heap+(1<<20)+heapSlack+4*size {
		t.Errorf("while 24 MiB were broadcast %d KiB were held, for an outbox of 1 MiB", (most-s.heap)>>10)
	}
	if shed := s.Stats().Shed; shed == 0 {
		t.Error("nothing was shed")
	}
	if why := <-closed; why.Code != ws.ClosePolicy || why.Remote {
		t.Errorf("closed with %+v", why)
	}
	_ = deaf.conn.Close()
	s.over()
}

// TestHostileKill: a process with two hundred connections is killed (kill -9),
// so that none of them can say anything.
func TestHostileKill(t *testing.T) {
	const crowd = 200
	if addr := os.Getenv("WS_VICTIM"); addr != "" {
		victim(t, addr, crowd)
	}
	var hooks atomic.Int64
	g := village()
	g.disconnect = func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) {
		if c.Remote && c.Code == ws.CloseAbnormal && c.Err != nil {
			hooks.Add(1)
		}
	}
	s := besiege(t, ws.Options{}, g)
	cmd := exec.Command(os.Args[0], "-test.run=^TestHostileKill$")
	cmd.Env = append(os.Environ(), "WS_VICTIM="+s.http.Listener.Addr().String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "connected\n" {
		t.Errorf("the victim said %q, %v", line, err)
	}
	if n := s.ConnectionCount(); n != crowd+1 {
		t.Errorf("%d connections", n)
	}
	_, _ = s.Broadcast("e", strings.Repeat("x", 10_000)) // something is on its way to each
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	eventually(t, "the dead are gone, each with its hook", func() bool { return s.Stats().Connections == 1 && hooks.Load() == crowd })
	s.over()
}

// victim is the process that is killed: it connects, and waits for that.
func victim(t *testing.T, addr string, crowd int) {
	var held []net.Conn
	for range crowd {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if p, res := handshake(t, conn, addr, "/ws"); p == nil {
			t.Fatal(res)
		}
		held = append(held, conn)
	}
	fmt.Println("connected")
	_, _ = io.Copy(io.Discard, held[0]) // until it is killed, or the server is gone
	os.Exit(1)
}
