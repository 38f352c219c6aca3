// Package app joins the gateways, the services and the page into one application.
//
//ws:app
package app

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/notify"
	"github.com/wsgen/wsgen/examples/live/web"
	ws "github.com/wsgen/wsgen/runtime"
)

// App is the whole application; New wires it.
type App struct {
	Router    *ws.Router
	Heartbeat *Heartbeat
	Orders    *chat.OrderQueue
	Worker    *chat.OrderWorker
	Notify    *notify.NotifyService
}

// Handler serves the page, the gateways, POST /announce and /healthz.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	a.Router.Mount(mux)
	mux.Handle("GET /{$}", web.Page())
	mux.Handle("GET /static/", web.Assets())
	// A page of another site must not announce here; clients that are no browser may.
	mux.Handle("POST /announce", http.NewCrossOriginProtection().Handler(a.Notify))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	return mux
}

// Run does the work that no request asks for, until ctx ends.
func (a *App) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { a.Heartbeat.Run(ctx) })
	work.Go(func() { a.Worker.Run(ctx, a.Orders) })
	work.Wait()
}
