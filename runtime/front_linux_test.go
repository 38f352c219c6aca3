package ws_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wsgen/wsgen/runtime/front"
)

// fronting has package front serve a site, once the site begins to serve its own
// listener, which has no connections then.
type fronting struct {
	net.Listener

	begin  sync.Once
	serve  func()
	ended  chan struct{}
	ending sync.Once

	accepted atomic.Int32 // connections
}

// putFront puts package front before a server. left counts the connections that are the
// http.Server's.
func putFront(s *httptest.Server, left *atomic.Int32) *fronting {
	f := &fronting{Listener: s.Listener, ended: make(chan struct{})}
	f.serve = func() { _ = front.Serve(s.Config, &counting{s.Listener.(*fronting).Listener, &f.accepted}) }
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			left.Add(1)
		}
	}
	s.Listener = f
	return f
}

// Accept begins to serve, and returns at the end.
func (f *fronting) Accept() (net.Conn, error) {
	f.begin.Do(func() { go f.serve() })
	<-f.ended
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (f *fronting) Close() error {
	f.ending.Do(func() { close(f.ended) })
	return f.Listener.Close()
}

// counting counts the connections that a listener accepts.
type counting struct {
	net.Listener

	accepted *atomic.Int32
}

func (c *counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return conn, err
}

// TestBehindFront: a gateway behind package front does what it does without.
func TestBehindFront(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"Protocol": TestProtocol, "Verbs": TestVerbs, "PeerCloses": TestPeerCloses, "ServerCloses": TestServerCloses,
		"ConnectRefuses": TestConnectRefuses, "ConnectBeforeRead": TestConnectBeforeRead,
		"HookEnds": TestHookEnds, "Panics": TestPanics, "OneOrder": TestOneOrder,
		"ConnGuards": TestConnGuards, "Principal": TestPrincipal, "HeaderInjection": TestHeaderInjection,
		"RefreshRefused": TestRefreshRefused, "GuardDeadline": TestGuardDeadline,
		"MaxConnections": TestMaxConnections, "MaxConnectionsPerAddr": TestMaxConnectionsPerAddr,
		"HostileFrames": TestHostileFrames, "CloseFrames": TestCloseFrames, "LongMessages": TestLongMessages,
		"Deflate": TestDeflate, "DeflateOffers": TestDeflateOffers,
		"Connect": TestConnect, "SessionStates": TestSessionStates, "Goaway": TestGoaway,
		"Shutdown": TestShutdown,
	} {
		t.Run(name, func(t *testing.T) {
			var left atomic.Int32
			var sites []*fronting
			behindFront = func(s *httptest.Server) { sites = append(sites, putFront(s, &left)) }
			t.Cleanup(func() { behindFront = nil })
			test(t)
			all := int32(0)
			for _, f := range sites {
				all += f.accepted.Load()
			}
			if all == left.Load() {
				t.Error("no handshake was answered before the http.Server")
			}
		})
	}
}
