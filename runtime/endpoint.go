package ws

import (
	"slices"
	"sync/atomic"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/rates"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Endpoint is the http.Handler of one gateway. Generated constructors make
// it; a Router, or any ServeMux, serves it. All methods are safe for
// concurrent use.
type Endpoint struct {
	server    *Server
	spec      Spec
	protocol  protocol
	opts      Options    // resolved: the Server's, as the gateway configured them
	rates     *rates.Set // nil: none is limited
	refreshes *rates.Set // those of $refresh
	profile   *socket.Profile
	keeper    *outbox.Keeper // what sessions keep of what they have sent; nil: nothing, since they end with their sockets
	wildcards []string       // names in spec.Path
	leaving   turns          // orders the calls of the disconnect hook

	// Set by NewEndpoint and the Router, before anything is served.
	global     globals
	handlers   []Handler
	connGuards []ConnGuard
	guards     [][]MessageGuard // per handler: global, gateway, own; each once
	fronts     [][]byte         // per handler: what its replies begin with (appendFront)
	next       Next             // the interceptors; nil: there are none
	own        []ownHandler     // behind the handlers of the gateway
	suspects   suspects         // handlers that may be too slow for the read loop
}

// ownHandler is the code of a handler that is the runtime's own.
type ownHandler func(call *Call) error

// globals holds the guards and interceptors that a Router puts around all of
// its gateways.
type globals struct {
	conn    []ConnGuard
	message []MessageGuard
	around  []Interceptor
}

// lookup returns the index of an event's handler, -1 if there is none. That
// of $refresh stands behind the gateway's.
func (e *Endpoint) lookup(event []byte) int {
	i := e.spec.Lookup(event)
	if i < 0 && string(event) == refreshEvent && len(e.handlers) > len(e.spec.Handlers) {
		return len(e.spec.Handlers)
	}
	return i
}

// Pattern returns the path that the gateway is served at, as a ServeMux pattern
// for every method. Router.Mount takes no more methods than a handshake has.
func (e *Endpoint) Pattern() string { return e.spec.Path }

// patterns returns the ServeMux patterns for every kind of handshake.
func (e *Endpoint) patterns() []string {
	return []string{"GET " + e.spec.Path, "CONNECT " + e.spec.Path}
}

// Server returns the registry the gateway is bound to.
func (e *Endpoint) Server() *Server { return e.server }

// Handlers returns the handlers of the gateway, in the order of its source.
func (e *Endpoint) Handlers() []Handler { return slices.Clone(e.handlers[:len(e.spec.Handlers)]) }

// suspects tells which handlers on the read loop may be too slow (slow.go).
type suspects struct {
	told  []atomic.Bool // by index of the handler: it was logged
	timed atomic.Int32  // how many calls are still timed one by one
}
