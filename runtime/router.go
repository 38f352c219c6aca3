package ws

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
)

// Router serves the gateways of an application. Generated code makes it. All
// methods but Guard and Intercept are safe for concurrent use.
type Router struct {
	endpoints []*Endpoint
	mux       *http.ServeMux
}

// NewRouter returns a Router over endpoints. It panics on paths that conflict,
// as http.ServeMux does; wsgen refuses those before.
func NewRouter(endpoints ...*Endpoint) *Router {
	r := &Router{endpoints: endpoints, mux: http.NewServeMux()}
	for _, e := range endpoints { // for every method: nothing stands beside them, and our own 405 says more
		r.mux.Handle(e.Pattern(), e)
	}
	for _, s := range r.servers() {
		s.complain("", strayRates(s.given.EventRates, r.events(s), "the gateways of this router do not"))
	}
	return r
}

// events returns the names of all events that gateways of a Server handle.
func (r *Router) events(of *Server) (names []string) {
	for _, e := range r.endpoints {
		if e.server == of {
			names = append(names, eventsOf(e.spec.Handlers)...)
		}
	}
	return names
}

// Guard puts guards before those of every gateway. Each runs once, in the
// order global, gateway, handler. With message guards every handler runs
// beside the read loop, since guards may block. Guard must be called before
// anything is served, and returns r.
func (r *Router) Guard(conn []ConnGuard, message []MessageGuard) *Router {
	for _, e := range r.endpoints {
		e.guard(conn, message)
	}
	return r
}

// Intercept puts interceptors around every message of every gateway, the
// first outermost, and around those of Options.Interceptors. It must be
// called before anything is served, and returns r.
func (r *Router) Intercept(around ...Interceptor) *Router {
	for _, e := range r.endpoints {
		e.intercept(around)
	}
	return r
}

// ServeHTTP serves the gateway whose path fits; 404 if none does.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(w, req) }

// Mount adds the gateways to a mux of the application's, each for the methods
// that a handshake may have: GET, and over HTTP/2 CONNECT. So "GET /chat"
// stands beside the application's own "GET /" and "POST /chat". The mux
// answers a method that nothing handles by 405, with Allow. Mount panics on
// patterns that conflict, as http.ServeMux does.
func (r *Router) Mount(mux *http.ServeMux) {
	for _, e := range r.endpoints {
		for _, pattern := range e.patterns() {
			mux.Handle(pattern, e)
		}
	}
}

// Endpoints returns the gateways, in the order they were given.
func (r *Router) Endpoints() []*Endpoint { return slices.Clone(r.endpoints) }

// Shutdown shuts down every Server that a gateway is bound to, all at the
// same time; as Server.Shutdown. The error joins those of the Servers.
func (r *Router) Shutdown(ctx context.Context) error {
	servers := r.servers()
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() { errs[i] = s.Shutdown(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// servers returns the Servers of the gateways, each once.
func (r *Router) servers() []*Server {
	var out []*Server
	for _, e := range r.endpoints {
		if !slices.Contains(out, e.server) {
			out = append(out, e.server)
		}
	}
	return out
}

// Readyz answers as the function Readyz, for every Server that a gateway is
// bound to.
func (r *Router) Readyz(w http.ResponseWriter, req *http.Request) {
	Readyz(r.servers()...).ServeHTTP(w, req)
}
