// Package front serves WebSocket handshakes without the part of net/http that is made
// for requests of which many follow each other.
//
// When a server has been restarted, all of its clients come back at once, and a
// handshake through an http.Server is most of what each costs: two buffers of 4 KiB,
// which the connection takes along and nobody uses again, a goroutine that waits for
// the client to go away, and is called off a moment later, and stacks that grow for all
// of that. Serve looks at the first request of each connection, and has the server's
// Handler answer it, if it is a plain WebSocket handshake. Every other connection is the
// http.Server's, with nothing read of it.
//
//	server := &http.Server{Handler: router, ReadHeaderTimeout: 5 * time.Second}
//	l, err := net.Listen("tcp", ":8080")
//	if err != nil { … }
//	err = front.Serve(server, l)
//
// What it costs with and without is in docs/benchmarks-history.md. Anything that takes
// the connection over by [http.Hijacker] works behind it, not only gateways of wsgen.
package front
