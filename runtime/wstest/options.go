package wstest

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// DialOption says how Dial connects.
type DialOption interface{ dialing(d *dialing) }

// dialing is what the options of a Dial come to.
type dialing struct {
	path      string // "": the handler's own
	header    http.Header
	token     string // "": none
	principal any    // a ws.Principal; nil: the guards are asked
	from      netip.AddrPort
	port      bool
	tls       *tls.Config // nil: the system's (DialURL)
	manual    bool
	patience  time.Duration
}

// patience is how long a test waits for what must come, where it does not say.
const patience = 10 * time.Second

type dialOption func(d *dialing)

func (o dialOption) dialing(d *dialing) { o(d) }

// AsOption is what As returns: it is for Dial and for NewClient.
type AsOption struct{ principal ws.Principal }

func (o AsOption) dialing(d *dialing) { d.principal = o.principal }
func (o AsOption) alone(a *alone)     { a.lone.Principal = o.principal }

// As connects as a principal, as if the connection guards had let it in: they
// are not asked. One that has expired is refused. At a $refresh the guards are
// asked, with the token that it brings. Default: the guards are asked, and
// without any, nobody is known.
func As(p ws.Principal) AsOption { return AsOption{p} }

// Token sends a bearer token: in the header Authorization, or a Session in its
// first message. Default: none.
func Token(token string) DialOption { return dialOption(func(d *dialing) { d.token = token }) }

// Header adds a field to the request: an Origin, a Cookie, the subprotocols.
// "Host" replaces the host, which is "example.com".
func Header(name, value string) DialOption {
	return dialOption(func(d *dialing) { d.header.Add(name, value) })
}

// Path is what is asked for, with its query: "/chat", "/rooms/7?debug=1". It must
// begin with a slash. Default: that of the gateway, if the handler is an Endpoint
// or a Router with one gateway, and its path has no wildcards.
func Path(path string) DialOption { return dialOption(func(d *dialing) { d.path = path }) }

// FromOption is what From returns: it is for Dial and for NewClient.
type FromOption struct{ addr netip.AddrPort }

func (o FromOption) dialing(d *dialing) { d.from = o.addr }
func (o FromOption) alone(a *alone)     { a.lone.Remote = o.addr }

// From is the address that the client comes from, for guards, limits and handlers
// that look at it. Default: 192.0.2.1:1234, an address for documentation (RFC
// 5737). With OnPort it is the socket's, and From fails the test.
func From(addr netip.AddrPort) FromOption { return FromOption{addr} }

// OnPort connects by TCP, to a port of the loopback interface. That takes the
// runtime's own system calls, and the kernel's buffers, into the test; it does
// not go with testing/synctest. Default: by net.Pipe, in memory, which has no
// buffer.
func OnPort() DialOption { return dialOption(func(d *dialing) { d.port = true }) }

// TLS is how DialURL trusts a server by https or wss, and what it shows of its
// own. Default: the system's roots.
func TLS(config *tls.Config) DialOption { return dialOption(func(d *dialing) { d.tls = config }) }

// Patience is how long the Conn waits for what must come, before it fails the
// test. Within testing/synctest that is fake time. It must be positive. Default:
// 10 seconds.
func Patience(d time.Duration) DialOption {
	return dialOption(func(o *dialing) { o.patience = d })
}

// Manual leaves Pings and Close frames to the test: Conn.Frame returns them, and
// nothing is answered. Default: both are answered, as a client must (RFC 6455,
// sections 5.5.1 and 5.5.3).
func Manual() DialOption { return dialOption(func(d *dialing) { d.manual = true }) }
