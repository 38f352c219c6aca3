package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	ws "github.com/wsgen/wsgen/runtime"
	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
	"github.com/wsgen/wsgen/runtime/front"
)

const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 60 * time.Second
	// connectionsWithin and requestsWithin are how long connections, and then requests, may take to end.
	connectionsWithin = 3 * time.Second
	requestsWithin    = 3 * time.Second
	// nodeHeartbeat is how often nodes say that they live: so often that one sees a node die on the page.
	nodeHeartbeat = time.Second
)

// serve listens where o says, prints that, and serves until ctx ends. Then it shuts down: /readyz says so
// for the time drain before connections are closed.
func serve(ctx context.Context, o options, drain time.Duration, stdout io.Writer) error {
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("cannot listen on ADDR=%s: %w\n"+
			"Set the environment variable ADDR to a free host:port, for example ADDR=127.0.0.1:3005", o.addr, err)
	}

	lives := app.Live(func() *app.App {
		given := ws.Options{ShutdownDelay: drain}
		if o.nats != "" {
			given.Cluster = ws.Cluster{
				Broker:    natsbroker.New(natsbroker.Options{URL: o.nats}),
				Node:      listener.Addr().String(),
				Heartbeat: nodeHeartbeat,
			}
		}
		return app.NewNode(given, o.key)
	})
	server := &http.Server{
		Handler:           lives,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
	}
	failed := make(chan error, 1)
	go func() { failed <- front.Serve(server, listener) }()
	fmt.Fprintf(stdout, "wsgen live demo: %s\n", url(listener.Addr()))
	fmt.Fprintf(stdout, "its metrics, for this machine only: %s/metrics\n", url(listener.Addr()))

	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	shutdown(server, lives, drain)
	return err
}

// shutdown ends WebSocket connections first, of which http.Server knows nothing. Meanwhile that goes on
// to answer /readyz with 503. A client that does not go by itself in time is cut off.
func shutdown(server *http.Server, lives *app.Lives, drain time.Duration) {
	// The delay before anything is closed is at most half of this time.
	ctx, cancel := context.WithTimeout(context.Background(), 2*drain+connectionsWithin)
	defer cancel()
	_ = lives.Shutdown(ctx)
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
