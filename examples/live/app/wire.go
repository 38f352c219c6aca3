//go:build wireinject

package app

import (
	"github.com/google/wire"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/notify"
	ws "github.com/wsgen/wsgen/runtime"
)

// New wires the application. The options are those of both registries.
func New(o ws.Options) *App {
	panic(wire.Build(
		WireSet, // generated: registries, endpoints, gateways, guards, pushes, router
		chat.NewRoomService,
		chat.NewOrderQueue,
		wire.Struct(new(chat.OrderWorker), "*"),
		notify.NewNotifyService,
		wire.Struct(new(Heartbeat), "*"),
		wire.Struct(new(App), "*"),
	))
}
