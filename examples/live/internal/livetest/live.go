// Package livetest starts the application for a test, on real sockets or in memory.
package livetest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	"github.com/wsgen/wsgen/examples/live/auth"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// Patience is how long a test waits for an event that must come. A test that passes waits so long only on a machine
// that is busy with other things.
const Patience = time.Minute

// Live is a running application that ends with its test.
type Live struct {
	App    *app.App
	URL    string
	Client *http.Client // speaks to this application

	memory *pipes // nil on a socket
}

// Start serves the application on a socket of the loopback interface. Without options it has the demo's.
func Start(t testing.TB, o ...ws.Options) *Live {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return start(t, listener, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String())
	}, o...)
}

// StartInMemory serves the application over pipes, so that a test in a testing/synctest bubble has
// the clock in its hand. Without options it has the demo's.
func StartInMemory(t testing.TB, o ...ws.Options) *Live {
	t.Helper()
	listener := newPipes()
	live := start(t, listener, func(ctx context.Context) (net.Conn, error) {
		return listener.dial(ctx, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000})
	}, o...)
	live.memory = listener
	return live
}

// StartNodes serves the application on n nodes of one cluster in memory, and returns when all know each
// other. In a bubble each look at the clock is its.
func StartNodes(t testing.TB, n int) []*Live {
	t.Helper()
	engine := memory.New()
	nodes := make([]*Live, n)
	for i := range nodes {
		nodes[i] = StartInMemory(t, ws.Options{Cluster: ws.Cluster{
			Broker: engine, Node: fmt.Sprintf("127.0.0.1:%d", 3004+i), Heartbeat: 500 * time.Millisecond,
		}})
	}
	for _, node := range nodes {
		Eventually(t, "all nodes know each other", func() bool { return len(node.App.Server.Nodes()) == n })
	}
	return nodes
}

// From returns a client whose connections come from peer, an address and a port. The application has to
// be in memory.
func (l *Live) From(t testing.TB, peer string) *http.Client {
	t.Helper()
	addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(peer))
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return l.memory.dial(ctx, addr)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Connect connects to the gateway at path in memory, past the listener. What serves is the same.
func (l *Live) Connect(t testing.TB, path string, o ...wstest.DialOption) *wstest.Conn {
	t.Helper()
	return wstest.Dial(t, Tap(t, l.App.Handler()), append(o, wstest.Path(path), wstest.Patience(Patience))...)
}

func start(t testing.TB, listener net.Listener, dial func(context.Context) (net.Conn, error), o ...ws.Options) *Live {
	t.Helper()
	application := app.NewNode(append(o, ws.Options{})[0], auth.Key("the key of all nodes"))
	server := &http.Server{Handler: Tap(t, application.Handler()), ReadHeaderTimeout: Patience}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	go func() { _ = server.Serve(listener); done <- struct{}{} }()
	go func() { application.Run(ctx); done <- struct{}{} }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		end, cancelEnd := context.WithTimeout(context.Background(), Patience)
		defer cancelEnd()
		if err := application.Router.Shutdown(end); err != nil {
			t.Errorf("Router.Shutdown: %v", err)
		}
		if err := server.Close(); err != nil {
			t.Errorf("closing the HTTP server: %v", err)
		}
		cancel()
		<-done
		<-done
	})
	return &Live{
		App:    application,
		URL:    "http://" + listener.Addr().String(),
		Client: &http.Client{Transport: transport},
	}
}

// from is a connection from a peer of the test's choice.
type from struct {
	net.Conn
	peer net.Addr
}

// RemoteAddr implements net.Conn.
func (f from) RemoteAddr() net.Addr { return f.peer }

// pipes is a listener whose connections are in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, peer net.Addr) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- from{server, peer}:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener; it is called once.
func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
