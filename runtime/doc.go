// Package ws runs typed WebSocket gateways: it is what the code that wsgen
// generates, and the services around it, are written against. Its files import
// it as
//
//	import ws "github.com/wsgen/wsgen/runtime"
//
// A [Server] is a registry of live connections. Any service that has one
// injected can push to every connection, to a room, to a user or to one
// client; a gateway's handlers get the [Client] of their own connection, and a
// [Sender] is a handle to one connection that may be stored anywhere.
//
// # Nothing here blocks on a peer
//
// No method of Server, Target, Push, Client or Sender ever waits for a peer to
// read. Each connection has a bounded outbox. A push to a full one is dropped,
// or takes the place of older ones, or closes the connection ([Overflow]), and
// the loss is counted and logged. So a handler may run on the connection's read
// loop, and any of these methods may be called under a lock of yours. All of
// them may be called from any number of goroutines.
//
// # The life of a connection
//
// The request is a handshake, of an allowed origin, and passes the connection
// guards; the connection is registered; the connect hook returns nil; the
// handshake is answered; then, and not before, messages are read. However the
// connection ends, its context is cancelled, its running handler is waited for,
// the disconnect hook runs while the connection is still in its rooms, and then
// it is gone from the registry.
package ws
