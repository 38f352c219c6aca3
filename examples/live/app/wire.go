//go:build wireinject

package app

import (
	"github.com/google/wire"

	"github.com/wsgen/wsgen/examples/live/auth"
	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/notify"
)

// wired makes everything. Of the options that are given newOptions makes those of all registries.
func wired(o Given, key auth.Key) *App {
	panic(wire.Build(
		WireSet, // generated: registries, endpoints, gateways, guards, pushes, router
		newOptions,
		newMetrics,
		newMetricsPage,
		auth.NewTokens,
		chat.NewRoomService,
		chat.NewRoster,
		chat.NewOrderQueue,
		chat.NewWatchers,
		chat.NewFleet,
		wire.Struct(new(chat.OrderWorker), "*"),
		notify.NewNotifyService,
		wire.Struct(new(notify.UserService), "*"),
		wire.Struct(new(Heartbeat), "*"),
		wire.Struct(new(Counters), "*"),
		wire.Struct(new(Nodes), "*"),
		wire.Struct(new(App), "*"),
	))
}
