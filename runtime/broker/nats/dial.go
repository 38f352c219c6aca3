package natsbroker

import (
	"context"
	"net"
	"sync"

	"github.com/nats-io/nats.go"
)

// dialer dials for one connection of a link, in the place of the client library's.
type dialer struct {
	ctx    context.Context
	dial   func(network, address string) (net.Conn, error)
	skips  bool            // the library makes no TLS of it
	begins func()          // it is called before the network is
	runs   *sync.WaitGroup // for the goroutines of pipes
	last   *pipe           // that of the connection, after Connect has returned one
	err    error           // why there is none
}

var _ nats.CustomDialer = (*dialer)(nil)

// newDialer returns a dialer by the user's options. What it dials ends with ctx.
func newDialer(ctx context.Context, o nats.Options, runs *sync.WaitGroup, begins func()) *dialer {
	d := &dialer{ctx: ctx, runs: runs, begins: begins}
	switch {
	case o.InProcessServer != nil:
		d.dial = func(string, string) (net.Conn, error) { return o.InProcessServer.InProcessConn() }
	case o.CustomDialer != nil:
		d.dial = o.CustomDialer.Dial
		if s, is := o.CustomDialer.(interface{ SkipTLSHandshake() bool }); is {
			d.skips = s.SkipTLSHandshake()
		}
	default:
		own := net.Dialer{}
		if o.Dialer != nil {
			own = *o.Dialer
		}
		if own.Timeout == 0 {
			own.Timeout = o.Timeout
		}
		d.dial = func(network, address string) (net.Conn, error) { return own.DialContext(ctx, network, address) }
	}
	return d
}

// Dial implements nats.CustomDialer.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	d.begins()
	if err := d.ctx.Err(); err != nil {
		return nil, err
	}
	c, err := d.dial(network, address)
	if err != nil {
		d.err = err
		return nil, err
	}
	d.last = newPipe(d.ctx, c, d.runs)
	return d.last, nil
}

// SkipTLSHandshake is asked by the client library.
func (d *dialer) SkipTLSHandshake() bool { return d.skips }
