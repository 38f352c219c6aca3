package socket

import "errors"

// ErrNoPeek is Peek's error for a connection that is more than a socket, as one over
// TLS, or of a listener that reads something ahead.
var ErrNoPeek = errors.New("socket: not a socket of package net")
