// Package app joins the gateways, the services and the page into one application. Every gateway
// refuses a token that is not good.
//
//ws:app
//ws:guard auth.TokenGuard
package app

import (
	"context"
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
}

// New returns an application. The options are those of all its registries.
func New(o ws.Options) *App { return wired(Given(o)) }

// Handler serves the page, the gateways, pushes over HTTP, tokens, numbers and probes.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	a.Router.Mount(mux)
	mux.Handle("GET /{$}", web.Page())
	mux.Handle("GET /static/", web.Assets())
	// A page of another site must not push here, nor get tokens. Clients that are no browser may.
	own := http.NewCrossOriginProtection()
	mux.Handle("POST /announce", own.Handler(a.Notify))
	mux.Handle("POST /notify/{user}", own.Handler(a.Users))
	mux.Handle("POST /token", own.Handler(a.Tokens))
	mux.HandleFunc("GET /stats", a.stats)
	mux.Handle("GET /metrics", a.Metrics)
	mux.HandleFunc("GET /readyz", a.Router.Readyz)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	return mux
}

// Run does the work that no request asks for, until ctx ends.
func (a *App) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { a.Heartbeat.Run(ctx) })
	work.Go(func() { a.Counters.Run(ctx) })
	work.Go(func() { a.Worker.Run(ctx, a.Orders) })
	work.Wait()
}
