//go:build wireinject

package app

import (
	"github.com/google/wire"

	"github.com/wsgen/wsgen/examples/live/auth"
	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/notify"
	ws "github.com/wsgen/wsgen/runtime"
)

// New wires the application. The options are those of all registries.
func New(o ws.Options) *App {
	panic(wire.Build(
		WireSet, // generated: registries, endpoints, gateways, guards, pushes, router
		auth.NewTokens,
		chat.NewRoomService,
		chat.NewRoster,
		chat.NewOrderQueue,
		wire.Struct(new(chat.OrderWorker), "*"),
		notify.NewNotifyService,
		wire.Struct(new(notify.UserService), "*"),
		wire.Struct(new(Heartbeat), "*"),
		wire.Struct(new(App), "*"),
	))
}
