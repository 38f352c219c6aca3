package ws

import "time"

// Observer is told what happens on a Server. A nil function is not called and
// costs nothing. The functions are waited for where the thing happens, which
// may be a read loop, and under no lock: they must be quick and safe for
// concurrent use. Handled runs on the goroutine that handled the message, the
// others on one of their own. A panic is logged, and nothing else comes of
// it; nor of a runtime.Goexit, but that Handled's closes the connection with
// 1011.
type Observer struct {
	// Opened is called when a connection is registered, before its connect hook.
	Opened func(c *Client)
	// Closed is called when a connection has left the registry.
	Closed func(c *Client, cause Closed)
	// Handled is called after each message that had a handler, a stream after its
	// end, with the time that all of it took, and the refusal if there was one.
	Handled func(c *Client, event string, took time.Duration, refusal *Error)
	// Refused is called for every refusal: of a handshake, a frame, a message.
	Refused func(r Refusal)
	// Shed is called once for each push that found full outboxes, or replaced
	// what waited there.
	Shed func(s Shed)
}

// Shed says what one push did to outboxes besides being queued there.
type Shed struct {
	Event    string
	Sent     int // outboxes that took the push
	Shed     int // frames lost: the push itself, or older ones that made room for it
	Replaced int // older frames with the push's key, whose place it took
	Closed   int // connections that are being closed because their outbox was full
}

// Refusal describes a handshake, frame or message that was refused.
type Refusal struct {
	Gateway string  // as in Spec.Gateway
	Client  *Client // nil if there is no connection yet
	Event   string  // "" for a handshake or a bad frame
	// Status is the HTTP status that a refused handshake was answered with, else
	// 0; 101 if the answer was the upgrade, and then a Close
	// (Options.AcceptThenClose).
	Status int
	Err    *Error
}
