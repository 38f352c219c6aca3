// Package market quotes and trades.
package market

import (
	"context"
	"iter"

	"example.com/desk/auth"
	ws "github.com/wsgen/wsgen/runtime"
)

// Registry holds the market's connections.
//
//ws:namespace
type Registry struct{ *ws.Server }

// Quote is a price.
type Quote struct {
	Symbol string  `json:"symbol"`
	Price  float64 `json:"price"`
	Size   uint32  `json:"size"`
}

// Quotes go to the market.
//
//ws:push namespace=Registry
type Quotes interface {
	Quoted(q Quote) error
	//ws:event halted
	Halt(symbol string) (int, error)
}

// Ticker quotes from outside.
type Ticker struct{ Quotes Quotes }

// Tick quotes once.
func (t *Ticker) Tick() { _ = t.Quotes.Quoted(Quote{"ACME", 1.5, 3}) }

type (
	// Authn guards the market.
	Authn = auth.Authn
	// Trader guards trades.
	Trader = auth.Trader
)

// Gateway is the market.
//
//ws:gateway /market namespace=Registry
//ws:guard Authn
type Gateway struct {
	Quotes Quotes
	Push   ws.Push[Quotes]
	Book   `wire:"-"`
}

// Book is embedded: its handlers are the market's.
type Book struct{}

// Order is a wish to buy or to sell.
type Order struct {
	Quote
	Buy bool `json:"buy"`
}

//ws:subscribe buy
//ws:guard Trader
func (Book) Buy(o Order) (Order, error) {
	o.Buy = true
	return o, nil
}

//ws:subscribe sell
//ws:guard Trader
func (*Book) Sell(o *Order) *Order { return o }

//ws:subscribe book
func (Book) Levels(symbols []string) map[string]Quote {
	m := map[string]Quote{}
	for _, s := range symbols {
		m[s] = Quote{Symbol: s, Price: 2}
	}
	return m
}

//ws:subscribe quote
func (g *Gateway) Quote(symbol string) Quote { return Quote{Symbol: symbol, Price: 1.25} }

//ws:subscribe watch
func (g *Gateway) Watch(c *ws.Client, symbol string) error { return c.Join("watch:" + symbol) }

//ws:subscribe halt
func (g *Gateway) Halt(symbol string) (int, error) { return g.Push.In("watch:" + symbol).Halt(symbol) }

//ws:subscribe prices
func (g *Gateway) Prices(from, count int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range count {
			if !yield(from + i) {
				return
			}
		}
	}
}

//ws:subscribe depth
func (g *Gateway) Depth(symbol string) iter.Seq2[Quote, error] {
	return func(yield func(Quote, error) bool) {
		_ = yield(Quote{Symbol: symbol}, nil) && yield(Quote{}, ws.NewError(ws.CodeUnavailable, "closed"))
	}
}

//ws:subscribe feed
func (g *Gateway) Feed(ctx context.Context) <-chan Quote {
	out := make(chan Quote)
	go func() {
		defer close(out)
		for i := range 2 {
			select {
			case out <- Quote{Size: uint32(i)}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

//ws:subscribe match mode=parallel max=2
func (g *Gateway) Match(ctx context.Context, a, b int) int { return a + b }

//ws:subscribe wait timeout=20ms
func (g *Gateway) Wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

//ws:subscribe online
func (g *Gateway) Online(c *ws.Client) int { return c.Server().ConnectionCount() }
