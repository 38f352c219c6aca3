//go:build wireinject

package app

import (
	"github.com/google/wire"

	"example.com/desk/admin"
	"example.com/desk/chat"
	"example.com/desk/market"
	ws "github.com/wsgen/wsgen/runtime"
)

// New wires the desk.
func New(o ws.Options) (*App, func(), error) {
	panic(wire.Build(
		WireSet,
		chat.NewStore,
		wire.Struct(new(market.Ticker), "*"),
		wire.Struct(new(admin.Alarm), "*"),
		wire.Struct(new(App), "*"),
	))
}
