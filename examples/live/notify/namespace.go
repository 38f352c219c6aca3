// Package notify has a gateway with a registry of its own, and a service that pushes to the
// application's: neither sees the other's connections.
package notify

import (
	ws "github.com/wsgen/wsgen/runtime"
)

// NotifyServer is the registry of /notify. It is a type of its own, so injection cannot mix it up
// with the application's Server.
//
//ws:namespace
type NotifyServer struct{ *ws.Server }

// Pongs are the pushes of this namespace.
//
//ws:push namespace=NotifyServer
type Pongs interface {
	// Pong greets every connection of the namespace.
	Pong(text string) error
}

// NotifyGateway serves /notify to anonymous clients.
//
//ws:gateway /notify namespace=NotifyServer
//ws:public
type NotifyGateway struct{ Pongs Pongs }

// Ping greets everyone in the namespace, the caller too.
//
//ws:subscribe ping
func (g *NotifyGateway) Ping() error { return g.Pongs.Pong("hi") }
