// Package wstest tests gateways, and services that push.
//
// Dial connects to any http.Handler that serves gateways, without a port: by
// net.Pipe, through net/http and the same upgrade as in production. So it works
// within testing/synctest, whose clock then is the connection's, too. What it
// returns, a Conn, keeps all that comes, and each of its methods takes a part of
// that or fails the test with a transcript:
//
//	ann := wstest.Dial(t, router, wstest.Path("/chat"), wstest.As(ws.Principal{ID: "ann"}))
//	ann.Call("join", "lobby").OK()
//	said := wstest.Expect[Line](ann, "said")
//
// DialSession opens a Session, whose client speaks wsgen.v1.json: it goes on when
// its socket is cut, and answers what the server asks.
//
// NewClient makes a ws.Client without a connection, for unit tests of handlers
// and hooks, and NewPush a ws.Push whose calls are recorded.
//
// Run makes several Servers that are nodes of one cluster, in this process and
// without a port.
//
// Fuzz is for the tests of decoders that wsgen generates.
//
// Everything that is started ends with the test: its cleanup waits for the
// connection's handlers and hooks. The guide is docs/guide/testing.md.
package wstest
