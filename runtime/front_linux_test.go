package ws_test

import (
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/wsgen/wsgen/runtime/front"
)

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
			var all, left atomic.Int32
			behindFront = func(s *httptest.Server) {
				s.Listener = &counting{front.Listen(&counting{s.Listener, &all}, s.Config), &left}
			}
			t.Cleanup(func() { behindFront = nil })
			test(t)
			if all.Load() == left.Load() {
				t.Error("no handshake was answered before the http.Server")
			}
		})
	}
}
