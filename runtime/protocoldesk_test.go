package ws_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// This file is the Server that the examples of the protocol's page talk to, as
// the page describes it: two gateways, who may connect, and what the handlers
// do.

func serveDesk(t *testing.T) *site {
	t.Helper()
	short := newDesk("/short")
	short.configure = func(o *ws.Options) {
		configureDesk(o)
		o.Lifetime = 500 * time.Millisecond
	}
	return serve(t, ws.Options{}, newDesk("/desk"), short)
}

func newDesk(path string) gateway {
	var d deskCalls
	return gateway{
		path:       path,
		connGuards: []ws.ConnGuard{connGuard(guardDesk)},
		connect:    connectDesk,
		configure:  configureDesk,
		on: map[string]handler{
			"echo":    inline(echo),
			"note":    inline(d.note),
			"greet":   inline(d.greet),
			"say":     inline(d.say),
			"after":   serial(d.after),
			"hold":    {call: d.hold, mode: ws.Parallel, noData: true},
			"release": {call: d.release, noData: true},
			"slow":    {call: d.slow, mode: ws.Serial, noData: true, within: 20 * time.Millisecond},
			"count":   stream(d.count),
			"ticks":   stream(d.ticks),
			"borrow":  inline(d.borrow),
			"clear":   {call: d.clear, mode: ws.Serial, noData: true},
			"secret":  {call: nothing, noData: true, mode: ws.Serial, guards: []ws.MessageGuard{messageGuard(notForYou)}},
			"vote":    {call: nothing, noData: true},
			"fail":    inline(func(*ws.Call) error { return errors.New("the cellar is under water") }),
			"follow": inline(func(c *ws.Call) error {
				var room string
				if err := c.Decode(&room); err != nil {
					return err
				}
				return deskNews(c).Follow(c.Client(), room)
			}),
			"post": inline(func(c *ws.Call) error {
				var text string
				if err := c.Decode(&text); err != nil {
					return err
				}
				_, err := deskNews(c).In("news").Kept().Emit("posted", text)
				return err
			}),
			"sit": inline(func(c *ws.Call) error {
				var where string
				if err := c.Decode(&where); err != nil {
					return err
				}
				spec := ws.PresenceSpec{Name: "desk.Events", Event: "here", Linger: 2 * time.Second}
				return ws.NewPresence[string](c.Client().Server(), spec, nil, nil).Join(c.Client(), "desk", where)
			}),
			"crash": inline(func(*ws.Call) error { panic("crash") }),
		},
	}
}

// deskNews pushes to who follows the news.
func deskNews(c *ws.Call) ws.Push[ws.Target] {
	return ws.NewKeptPush(c.Client().Server(), ws.Log{Name: "desk.News", Size: 100, TTL: time.Minute}, func(t ws.Target) ws.Target { return t })
}

func configureDesk(o *ws.Options) {
	o.EventRates = map[string]ws.Rate{"vote": {PerSecond: 1. / 60, Burst: 1}, "$refresh": {}}
	o.MaxRateStrikes = 1
}

// deskTokens are the tokens that are good for something.
var deskTokens = map[string]func(*ws.Upgrade) error{
	"ann":      func(u *ws.Upgrade) error { return lets(u, "ann", time.Hour) },
	"ann/soon": func(u *ws.Upgrade) error { return lets(u, "ann", time.Second/4) },
	"bob":      func(u *ws.Upgrade) error { return lets(u, "bob", time.Hour) },
	"eve":      func(u *ws.Upgrade) error { return lets(u, "eve", time.Hour) },
	"often": func(*ws.Upgrade) error {
		return &ws.Error{Code: ws.CodeRateLimited, Message: "signing in too often", RetryAfter: time.Minute}
	},
}

func lets(u *ws.Upgrade, who string, last time.Duration) error {
	u.Principal = ws.Principal{ID: who, Expires: time.Now().Add(last)}
	return nil
}

func guardDesk(u *ws.Upgrade) error {
	if lets := deskTokens[u.Token]; lets != nil {
		return lets(u)
	}
	return ws.NewError(ws.CodeUnauthenticated, "no such token")
}

// connectDesk is the connect hook. It returns the state that hold waits for.
func connectDesk(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
	switch c.Principal().ID {
	case "bob":
		return nil, ws.NewError(ws.CodeUnavailable, "no chair is free")
	case "eve":
		return nil, ws.NewError(ws.CodeForbidden, "not at this desk")
	}
	return make(chan struct{}, 1), c.Join("desk")
}

func notForYou(context.Context, ws.Message) error {
	return ws.NewError(ws.CodeForbidden, "not for you")
}

// deskCalls are the handlers.
type deskCalls struct{}

func (deskCalls) note(c *ws.Call) error {
	var in struct {
		Text     string `json:"text"`
		Priority int    `json:"priority"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	if in.Text == "" {
		return ws.Invalid(ws.FieldErrors{{Path: "/text", Rule: "required"}})
	}
	return nil
}

func (deskCalls) greet(c *ws.Call) error {
	var in struct {
		Name *string `json:"name"`
	}
	if err := c.DecodeParam(&in, &in.Name); err != nil {
		return err
	}
	if in.Name == nil {
		return ws.Missing("name")
	}
	return c.Reply("Hello, " + *in.Name + "!")
}

func (deskCalls) say(c *ws.Call) error {
	var in struct {
		Text string `json:"text"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	said := struct {
		From string `json:"from"`
		Text string `json:"text"`
	}{c.Client().Principal().ID, in.Text}
	told, err := c.Client().To("desk", "said", said)
	if err != nil {
		return err
	}
	return c.Reply(told)
}

func (deskCalls) after(c *ws.Call) error {
	var in struct {
		MS int `json:"ms"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	select {
	case <-time.After(time.Duration(in.MS) * time.Millisecond):
		return nil
	case <-c.Context().Done():
		return c.Context().Err()
	}
}

func (deskCalls) hold(c *ws.Call) error {
	select {
	case <-c.State().(chan struct{}):
		return nil
	case <-c.Context().Done():
		return c.Context().Err()
	}
}

func (deskCalls) release(c *ws.Call) error {
	c.State().(chan struct{}) <- struct{}{}
	return nil
}

func (deskCalls) slow(c *ws.Call) error {
	<-c.Context().Done()
	return c.Context().Err()
}

func (deskCalls) count(c *ws.Call) error {
	var in struct {
		To int `json:"to"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	return ws.Stream(c, func(yield func(int) bool) {
		for n := 1; n <= in.To && yield(n); n++ {
		}
	})
}

func (deskCalls) ticks(c *ws.Call) error {
	ctx := c.Context()
	return ws.Stream(c, func(yield func(int) bool) {
		if yield(0) {
			<-ctx.Done()
		}
	})
}

// clear asks whoever calls it, for a short time.
func (deskCalls) clear(c *ws.Call) error {
	ctx, cancel := context.WithTimeout(c.Context(), 200*time.Millisecond)
	defer cancel()
	sure, err := newDoubts(c.Client().Server()).Client(c.Client()).Confirm(ctx, "Clear the desk?")
	if err != nil {
		return err
	}
	return c.Reply(sure)
}

func (deskCalls) borrow(c *ws.Call) error {
	var in struct {
		Title string `json:"title"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	return &ws.Error{Code: "lent", Message: in.Title + " is lent", RetryAfter: 48 * time.Hour}
}
