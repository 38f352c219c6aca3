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
	// shutdownWithin is what connections and requests get to end, each; they end side by side.
	shutdownWithin = 5 * time.Second
)

// serve listens on addr, says where, and serves until ctx ends and everyone has been told.
func serve(ctx context.Context, addr string, stdout io.Writer) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("cannot listen on ADDR=%s: %w\n"+
			"Set the environment variable ADDR to a free host:port, for example ADDR=127.0.0.1:3005", addr, err)
	}

	application := app.New(ws.Options{})
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
	shutdown(server, application.Router)
	return err
}

// shutdown ends requests and connections side by side: http.Server knows nothing of connections
// that were upgraded. A client that does not go by itself within the time is cut off.
func shutdown(server *http.Server, router *ws.Router) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownWithin)
	defer cancel()
	var work sync.WaitGroup
	work.Go(func() { _ = router.Shutdown(ctx) })
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close()
	}
	work.Wait()
}

// url is how a browser on this machine reaches addr.
func url(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return "http://" + addr.String()
	}
	return fmt.Sprintf("http://localhost:%d", tcp.Port)
}
