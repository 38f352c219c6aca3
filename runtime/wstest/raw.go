package wstest

import (
	"fmt"

	ws "github.com/wsgen/wsgen/runtime"
)

// SendText sends a text message as it is; it returns at once.
func (c *Conn) SendText(text string) { c.SendFrame(Frame{Text, []byte(text)}) }

// SendFrame sends a frame, masked; it returns at once. Whatever it breaks of
// RFC 6455 is the test's business.
func (c *Conn) SendFrame(f Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = c.left || f.First == Close
	c.put(f)
}

// SendBytes sends bytes as they are, which need be no frame; it returns at once.
func (c *Conn) SendBytes(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said.add(c.since(), ">", "bytes "+cut(fmt.Sprintf("% x", b)))
	c.putBytes(append([]byte(nil), b...))
}

// Frame waits for the next frame that was not taken, whatever it is, and takes
// it. Pings are among them only if the Conn is Manual.
func (c *Conn) Frame() Frame {
	c.t.Helper()
	a := c.take(func(*arrived) bool { return true })
	if a == nil {
		c.fail("no frame came")
	}
	return a.Frame
}

// Text waits for the next frame that was not taken, which must be a text message,
// and returns that.
func (c *Conn) Text() string {
	c.t.Helper()
	f := c.Frame()
	if f.First != Text {
		c.fail("the next frame should be a text: %s", f)
	}
	return string(f.Payload)
}

// ExpectText fails the test unless these texts are the next frames that were not
// taken, to the byte.
func (c *Conn) ExpectText(texts ...string) {
	c.t.Helper()
	for _, want := range texts {
		if f := c.Frame(); f.First != Text || string(f.Payload) != want {
			c.fail("got  %s\nwant %s", f, cut(want))
		}
	}
}

// Deaf makes the Conn stop reading: when it returns nothing is read any more,
// until Hear. Over a port the kernel still takes what fits into its buffers; in
// memory there is none, and the server's next write waits. Pings have no answer.
func (c *Conn) Deaf() {
	if c.now().stop() {
		c.note("deaf")
	}
}

// Hear ends Deaf; it does nothing otherwise.
func (c *Conn) Hear() {
	if c.now().hear() {
		c.note("hears again")
	}
}

// note adds to the transcript what has happened.
func (c *Conn) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said.add(c.since(), "*", what)
}

// Close sends a Close frame, once, and returns at once; ExpectClose waits for the
// answer. A code that no client may send (RFC 6455, section 7.4) is sent all the
// same.
func (c *Conn) Close(code ws.CloseCode, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.left {
		c.left = true
		c.put(closing(uint16(code), reason))
	}
}

// Vanish closes the socket without a Close frame, as a network does that breaks.
func (c *Conn) Vanish() {
	c.mu.Lock()
	l := c.link
	l.left = true
	c.said.add(c.since(), "*", "vanishes")
	c.mu.Unlock()
	_ = l.site.client.Close()
}
