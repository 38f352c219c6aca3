// Package site has what a program needs that serves gateways behind a proxy.
package site

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/front"
)

// ShutdownWithin is how long connections may take to end, and RequestsWithin how
// long requests may take after them.
const (
	ShutdownWithin = 45 * time.Second
	RequestsWithin = 5 * time.Second
)

// Options are the gateways' options.
func Options() ws.Options {
	return ws.Options{
		ClientAddr:            Caller,
		MaxConnections:        20_000,
		MaxConnectionsPerAddr: 200,
		ShutdownDelay:         10 * time.Second, // the readiness probe sees that this process is about to end
		ShutdownSpread:        10 * time.Second, // its clients come back elsewhere, not all at once
		DrainTimeout:          10 * time.Second, // what they have asked for is answered
	}
}

// Caller returns the address that called the proxy: the last entry of the last line
// of X-Forwarded-For. All others are the client's text.
func Caller(r *http.Request) netip.Addr {
	lines := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	addr, _ := netip.ParseAddr(strings.TrimSpace(lines[strings.LastIndexByte(lines, ',')+1:]))
	return addr // an invalid one means the socket's
}

// Serve serves the handler, which has the gateways in it, on the address of the
// environment variable ADDR. When ctx ends, or the process is told to, it shuts
// down: the gateways first, since http.Server knows nothing of WebSockets.
func Serve(ctx context.Context, handler http.Handler, gateways *ws.Router) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- front.Serve(server, listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop() // a second signal ends the process at once
	within, cancel := context.WithTimeout(context.Background(), ShutdownWithin)
	defer cancel()
	err = gateways.Shutdown(within)
	within, cancel = context.WithTimeout(context.Background(), RequestsWithin)
	defer cancel()
	return errors.Join(err, server.Shutdown(within))
}
