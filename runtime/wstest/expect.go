package wstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Expect waits for a push of an event, decodes its data, and returns it. It takes
// the first that no other Expect has taken; pushes of other events stay for
// theirs, so that tests need not know how independent pushes mix. What must not
// come besides is ExpectSilence's to say, and what must come next Conn.Frame's.
func Expect[T any](by Dialed, event string) (v T) {
	c := by.conn()
	c.t.Helper()
	a := c.take(func(a *arrived) bool { return a.push() && a.Event == event })
	if a == nil {
		c.fail("no push %q came", event)
	}
	if err := json.Unmarshal(a.Data, &v); err != nil {
		c.fail("the data of %q is no %T: %v", event, v, err)
	}
	return v
}

// ExpectError waits for an error that answers no call, but a message that was
// sent without an id, or something that was no message. It fails the test unless
// that has this code, and returns it.
func (c *Conn) ExpectError(code ws.Code) *ws.Error {
	c.t.Helper()
	a := c.take(func(a *arrived) bool { return a.Event == errorEvent && a.ID == nil })
	if a == nil {
		c.fail("no error came, and %q should", code)
	}
	e := a.refused()
	if e.Code != code {
		c.fail("the error is %q, want %q: %s", e.Code, code, e.Message)
	}
	return e
}

// ExpectSilence fails the test if there is anything that was not taken: what has
// come, what the server had queued for the client before it read the Ping that
// is sent for that, and what comes within d. Zero is enough for whatever has been
// pushed when ExpectSilence is called, and takes no time. A handler that runs beside the
// read loop may still be at work then, and push or answer later: that is what d is
// for. A connection that ends
// without a Close is not silent.
func (c *Conn) ExpectSilence(d time.Duration) {
	c.t.Helper()
	c.catchUp()
	var noise *arrived
	heard := func() bool {
		if len(c.got) > 0 {
			noise = c.got[0]
		}
		return noise != nil
	}
	c.await(d, heard)
	c.mu.Lock()
	ended := c.over && c.closed == nil
	c.mu.Unlock()
	switch {
	case noise != nil:
		c.fail("there should be silence: %s", noise.Frame)
	case ended:
		c.fail("there should be silence, and the connection has ended")
	}
}

// Texts takes all text messages that were not taken, of what has come and what the
// server had queued for the client before it read the Ping that is sent for that,
// and returns them, the first one first.
func (c *Conn) Texts() (all []string) {
	c.t.Helper()
	c.catchUp()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = slices.DeleteFunc(c.got, func(a *arrived) bool {
		if a.First == Text {
			all = append(all, string(a.Payload))
		}
		return a.First == Text
	})
	return all
}

// catchUp waits for what the server has queued: it sends a Ping, whose Pong comes
// behind that. Of a connection that closes it waits for the end.
func (c *Conn) catchUp() {
	c.t.Helper()
	c.mu.Lock()
	payload := fmt.Sprintf("silence %d", len(c.pongs)+1)
	c.pongs[payload] = false
	over, deaf := c.over, c.deaf != nil
	if !over && !c.left {
		c.put(Frame{Ping, []byte(payload)})
	}
	c.mu.Unlock()
	if deaf {
		c.fail("who is deaf hears nothing: Hear comes first")
	}
	if !over && !c.await(c.d.patience, func() bool { return c.pongs[payload] || c.closed != nil || c.over }) {
		c.fail("the server does not answer a Ping")
	}
}

// ExpectClose waits until the server closes the connection, and for the socket to
// be closed, unless the Conn is Manual. It fails the test unless that has this
// code, and returns the reason. ws.CloseAbnormal is that of a connection that
// ends without a Close frame, ws.CloseNoStatus of one without a code. Frames
// before the Close may stay untaken.
func (c *Conn) ExpectClose(code ws.CloseCode) (reason string) {
	c.t.Helper()
	c.await(c.d.patience, func() bool { return c.closed != nil })
	c.mu.Lock()
	closed, over := c.closed, c.over
	c.got = slices.DeleteFunc(c.got, func(a *arrived) bool { return a.First == Close })
	c.mu.Unlock()
	switch {
	case closed == nil && !over:
		c.fail("the server does not close, and should with %d", code)
	case closed == nil && code != ws.CloseAbnormal:
		c.fail("the connection has ended without a Close, and should with %d", code)
	case closed == nil:
		return ""
	}
	if got := closeCode(closed); got != code {
		c.fail("the server has closed with %d %s, want %d", got, closed.Payload[min(2, len(closed.Payload)):], code)
	}
	if !c.d.manual {
		c.await(c.d.patience, func() bool { return c.over })
		c.mu.Lock()
		over = c.over
		c.mu.Unlock()
		if !over {
			c.fail("the server has closed with %d, and does not close the socket", code)
		}
	}
	return string(closed.Payload[min(2, len(closed.Payload)):])
}
