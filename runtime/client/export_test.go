package wsclient

import (
	"net"
	"net/http"

	ws "github.com/wsgen/wsgen/runtime"
)

// Start is Dial that does not wait: tests look at a client that was never open.
var Start = start

// ReadPanicking shakes hands over a connection, and reads until the reader panics, as
// gws does on what only a hostile server sends. It returns how the socket has ended.
func ReadPanicking(conn net.Conn, address string) (ws.Closed, error) {
	s := newSocket(conn, conn, panicking{})
	if _, err := s.shake(address, http.Header{"Sec-Websocket-Protocol": {protocol}}, 1<<20); err != nil {
		return ws.Closed{}, err
	}
	return s.read().closed, nil
}

type panicking struct{}

func (panicking) text([]byte) { panic("a length below zero") }
func (panicking) ping([]byte) {}
