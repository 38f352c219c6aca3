package main

import (
	"bytes"
	"fmt"
)

// subprotocol is what a client offers whose sessions survive their sockets.
const subprotocol = "wsgen.v1.json"

// own begins the messages of the subprotocol itself. They are no messages of the
// application.
const own = `{"event":"$`

// agreed tells whether the answer to a handshake chose the subprotocol.
func agreed(head []byte) bool {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Sec-WebSocket-Protocol")) {
			return string(bytes.TrimSpace(value)) == subprotocol
		}
	}
	return false
}

// attend serves the subprotocol's own messages; true if payload is of the
// application. What has come is acknowledged by the answers to pings, so nothing
// is to be said about it. A row has no use for a session that lost pushes, or is
// asked to leave.
func (c *client) attend(i int, payload []byte) bool {
	switch {
	case c.conns[i].state == greeting && bytes.HasPrefix(payload, []byte(own+`connected"`)):
		c.ready(i)
	case c.conns[i].state == open && !bytes.HasPrefix(payload, []byte(own)):
		return true
	case c.failure == nil:
		c.failure = fmt.Errorf("the server says %s", payload)
	}
	return false
}
