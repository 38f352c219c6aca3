// Package app joins everything.
//
//ws:app
//ws:guard Ban
package app

import (
	"context"
	"net/http"

	"example.com/desk/admin"
	"example.com/desk/market"
	ws "github.com/wsgen/wsgen/runtime"
)

// Ban keeps banned clients out of every gateway, and refuses long data.
type Ban struct{}

func (Ban) GuardConn(u *ws.Upgrade) error {
	if u.Request.Header.Get("X-Banned") != "" {
		return ws.NewError(ws.CodeForbidden, "banned")
	}
	return nil
}

func (Ban) GuardMessage(_ context.Context, m ws.Message) error {
	if len(m.Data) > 1000 {
		return ws.NewError(ws.CodeForbidden, "too much")
	}
	return nil
}

// App is the whole application.
type App struct {
	Router *ws.Router
	Ticker *market.Ticker
	Alarm  *admin.Alarm
}

// Handler serves the gateways, and two paths that push from outside.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	a.Router.Mount(mux)
	mux.HandleFunc("POST /tick", func(http.ResponseWriter, *http.Request) { a.Ticker.Tick() })
	mux.HandleFunc("POST /alarm", func(http.ResponseWriter, *http.Request) { a.Alarm.Ring("fire") })
	return mux
}
