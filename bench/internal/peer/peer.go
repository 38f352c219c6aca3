// Package peer is what the Go servers of the benchmark have in common: flags,
// a listener, TLS, and the orders of the driver. It imports no WebSocket
// library, so that each server holds its own and nothing else.
package peer

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// Config is what the flags of a server say.
type Config struct {
	TLS     bool          // serve wss
	JSON    bool          // decode and encode with encoding/json twice, where the server has the choice
	Deflate bool          // offer permessage-deflate
	SndBuf  int           // send buffer of accepted sockets in bytes; 0 is the system's
	Ping    time.Duration // between two pings, where the server has the choice; 0 is its default
	Longest int           // bytes of a message, where the server has a limit; 0 is its default
	Kept    bool          // keep what is pushed to rooms, where the server can
	Fronted bool          // have handshakes answered in front of net/http, where the server can

	// Keep is Push for a server that keeps, and says where the message is; nil: it
	// cannot. A server sets it before Serve.
	Keep func(room string, size int) (epoch string, offset uint64, err error)

	// Front serves instead of the http.Server's Serve; nil: that does. A server sets it
	// before Serve.
	Front func(*http.Server, net.Listener) error
}

// These are how many messages a server keeps in a room, with -kept, and for how long.
const (
	KeptSize = 200
	KeptTime = 10 * time.Minute
)

// CompressAbove is the size in bytes from which servers compress, with -deflate.
const CompressAbove = 64

// Flags reads the command line.
func Flags() Config {
	var c Config
	flag.BoolVar(&c.TLS, "tls", false, "serve wss with a certificate made at the start")
	flag.BoolVar(&c.JSON, "json", false, "decode and encode every message with encoding/json, envelope and data")
	flag.BoolVar(&c.Deflate, "deflate", false, "agree to permessage-deflate")
	flag.DurationVar(&c.Ping, "ping", 0, "`time` between two pings of a connection; 0 is the server's default")
	flag.IntVar(&c.Longest, "longest", 0, "accept messages of so many `bytes`; 0 is the server's default")
	flag.BoolVar(&c.Kept, "kept", false, "keep what is pushed to rooms, and have who joins follow it")
	flag.BoolVar(&c.Fronted, "front", false, "answer handshakes in front of net/http")
	flag.IntVar(&c.SndBuf, "sndbuf", 0, "send buffer of accepted sockets in `bytes`; 0 is the system's")
	flag.Parse()
	return c
}

// Push sends count messages of size bytes, the first with the stamp at, to a
// room, or to everybody if room is "".
type Push func(room string, size int) error

// Serve listens on a free port of the loopback, serves h, tells the driver
// where, and does what it orders until its standard input ends. module is the
// path of the library under test, for its version.
func Serve(c Config, module string, h http.Handler, push Push) {
	err := c.Run(module, push, func(ln net.Listener) error {
		server := http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		if c.Front != nil {
			return c.Front(&server, ln)
		}
		return server.Serve(ln)
	})
	if err != nil {
		slog.Error("server failed", "err", err)
		os.Exit(1)
	}
}

// Run is Serve for a server that does not use net/http.
func (c Config) Run(module string, push Push, serve func(net.Listener) error) error {
	ready := control.Ready{Version: version(module)}
	ln, err := c.listen(&ready)
	if err != nil {
		return err
	}
	ready.Addr = ln.Addr().String()
	failed := make(chan error, 1)
	go func() { failed <- serve(ln) }()
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(ready); err != nil {
		return err
	}
	orders := make(chan error, 1)
	go func() { orders <- c.obey(os.Stdin, out, push) }()
	select {
	case err := <-failed:
		return err
	case err := <-orders:
		return err
	}
}

func (c Config) listen(ready *control.Ready) (net.Listener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, rc syscall.RawConn) error {
		if c.SndBuf == 0 {
			return nil
		}
		var bad error
		err := rc.Control(func(fd uintptr) { // accepted sockets inherit it
			bad = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, c.SndBuf)
		})
		return errors.Join(err, bad)
	}}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil || !c.TLS {
		return ln, err
	}
	cert, text, err := certificate()
	if err != nil {
		return nil, err
	}
	ready.Cert = text
	return tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}), nil
}

// obey does what each line of in says, until in ends.
func (c Config) obey(in io.Reader, out *json.Encoder, push Push) error {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var o control.Order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		done, err := c.carryOut(o, push)
		if err != nil {
			done.Error = err.Error()
		}
		if err := out.Encode(done); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) carryOut(o control.Order, push Push) (control.Done, error) {
	done := control.Done{At: clock.Now()}
	var err error
	switch o.Do {
	case "push":
		var calls stats.Histogram
		for i := range o.Count {
			if i > 0 && o.Gap > 0 {
				time.Sleep(time.Duration(o.Gap) * time.Microsecond)
			}
			begun := time.Now()
			if err = push(o.Room, o.Bytes); err != nil {
				break
			}
			calls.Add(time.Since(begun).Microseconds())
		}
		done.P50, done.P99 = calls.Quantile(0.5), calls.Quantile(0.99)
	case "keep":
		if c.Keep == nil {
			return done, errors.New("this server keeps nothing")
		}
		for range o.Count {
			if done.Epoch, done.Offset, err = c.Keep(o.Room, o.Bytes); err != nil {
				break
			}
		}
	case "gc":
		for range 3 {
			runtime.GC()
		}
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		done.Heap, done.Stack = int64(m.HeapAlloc), int64(m.StackInuse)
	case "profile":
		err = profile(o.File)
	default:
		err = fmt.Errorf("unknown order %q", o.Do)
	}
	done.Took = clock.Now() - done.At
	return done, err
}

// version is the version of module in this binary.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, d := range info.Deps {
		if d.Path == module {
			return strings.TrimPrefix(d.Version, "v")
		}
	}
	return ""
}
