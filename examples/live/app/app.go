// Package app joins the gateways, the services and the page into one application. Every gateway
// refuses a token that is not good.
//
//ws:app
//ws:guard auth.TokenGuard
package app

import (
	"context"
	_ "embed" // for the document
	"io"
	"net/http"
	"sync"

	"github.com/wsgen/wsgen/examples/live/auth"
	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/flood"
	"github.com/wsgen/wsgen/examples/live/notify"
	"github.com/wsgen/wsgen/examples/live/web"
	ws "github.com/wsgen/wsgen/runtime"
)

// contract is what wsgen writes of all gateways, as wsgen.conf asks for it.
//
//go:embed asyncapi.json
var contract []byte

// App is the whole application; New makes it.
type App struct {
	Router    *ws.Router
	Server    *ws.Server
	Flood     *flood.FloodServer
	Heartbeat *Heartbeat
	Counters  *Counters
	Orders    *chat.OrderQueue
	Worker    *chat.OrderWorker
	Notify    *notify.NotifyService
	Users     *notify.UserService
	Tokens    *auth.Tokens
	Metrics   *MetricsPage
	Nodes     *Nodes
}

// New returns an application. The options are those of all its registries.
func New(o ws.Options) *App { return wired(Given(o), nil) }

// NewNode returns one that is a node among others, by o.Cluster. The name of a node is where it serves,
// host:port, and all have one key for their tokens.
func NewNode(o ws.Options, key auth.Key) *App { return wired(Given(o), key) }

// Handler serves the page, the gateways, pushes over HTTP, tokens, numbers and probes.
func (a *App) Handler() http.Handler { return a.handler(nil) }

// handler is Handler with what restarts the application, if there is something.
func (a *App) handler(restart http.Handler) http.Handler {
	mux := http.NewServeMux()
	a.Router.Mount(mux)
	nodes := a.Nodes.Given.Cluster.Broker != nil
	mux.Handle("GET /{$}", web.Page(nodes))
	mux.Handle("GET /static/", web.Assets())
	mux.Handle("GET /asyncapi.json", ws.Document(contract))
	// A page of another site must not push here, nor get tokens. Clients that are no browser may.
	own := http.NewCrossOriginProtection()
	mux.Handle("POST /announce", own.Handler(a.Notify))
	mux.Handle("POST /notify/{user}", own.Handler(a.Users))
	mux.Handle("POST /token", own.Handler(a.Tokens))
	if restart != nil {
		mux.Handle("POST /restart", own.Handler(restart))
	}
	mux.HandleFunc("GET /stats", a.stats)
	mux.Handle("GET /metrics", a.Metrics)
	mux.HandleFunc("GET /readyz", a.Router.Readyz)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	if nodes {
		return siblings(mux)
	}
	return mux
}

// Run does the work that no request asks for, until ctx ends.
func (a *App) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { a.Heartbeat.Run(ctx) })
	work.Go(func() { a.Counters.Run(ctx) })
	work.Go(func() { a.Worker.Run(ctx, a.Orders) })
	work.Go(func() { a.Nodes.Run(ctx) })
	work.Wait()
}
