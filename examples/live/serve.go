package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	ws "github.com/wsgen/wsgen/runtime"
)

const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 60 * time.Second
	// connectionsWithin and requestsWithin are what connections, and then requests, get to end.
	connectionsWithin = 3 * time.Second
	requestsWithin    = 3 * time.Second
)

// serve listens on addr, says where, and serves until ctx ends and everyone has been told; /readyz
// is told drain before.
func serve(ctx context.Context, addr string, drain time.Duration, stdout io.Writer) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("cannot listen on ADDR=%s: %w\n"+
			"Set the environment variable ADDR to a free host:port, for example ADDR=127.0.0.1:3005", addr, err)
	}

	application := app.New(ws.Options{ShutdownDelay: drain})
	server := &http.Server{
		Handler:           application.Handler(),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
	}
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	work.Go(func() { application.Run(ctx) })

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "wsgen live demo: %s\n", url(listener.Addr()))

	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	shutdown(server, application, drain)
	return err
}

// shutdown ends connections first: meanwhile http.Server, which knows nothing of those that were
// upgraded, goes on to answer /readyz with 503. A client that does not go by itself in time is cut
// off.
func shutdown(server *http.Server, application *app.App, drain time.Duration) {
	// Half of the time at most is spent on waiting before anything is closed.
	ctx, cancel := context.WithTimeout(context.Background(), 2*drain+connectionsWithin)
	defer cancel()
	_ = application.Shutdown(ctx)
	requests, cancelRequests := context.WithTimeout(context.Background(), requestsWithin)
	defer cancelRequests()
	if err := server.Shutdown(requests); err != nil {
		_ = server.Close()
	}
}

// url is how a browser on this machine reaches addr.
func url(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return "http://" + addr.String()
	}
	return fmt.Sprintf("http://localhost:%d", tcp.Port)
}
