package contract_test

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// board is the gateway that testdata/board.ts is the client of. What it remembers
// outlives the servers that it is bound to.
type board struct {
	size  int  // how many ticks are kept of each room; 0: as many as it takes
	front bool // who connects follows the room of this name
	mu    sync.Mutex
	tally tally
	holds map[chan struct{}]struct{}
}

type tally struct {
	Noted    []int `json:"noted"`
	Made     int   `json:"made"`
	Canceled int   `json:"canceled"`
	Opened   int   `json:"opened"`
}

type post struct {
	ID      int    `json:"id"`
	Author  string `json:"author"`
	Text    string `json:"text"`
	Mood    string `json:"mood,omitempty"`
	Replies []post `json:"replies"`
}

type question struct {
	Text string `json:"text"`
}

func newBoard() *board { return &board{holds: map[chan struct{}]struct{}{}} }

// endpoint binds the board to a registry, as generated code does.
func (b *board) endpoint(server *ws.Server, guards ...ws.ConnGuard) *ws.Endpoint {
	handlers := []struct {
		ws.Handler
		call func(*ws.Call) error
	}{
		{ws.Handler{Event: "post"}, b.post},
		{ws.Handler{Event: "echo"}, b.echo},
		{ws.Handler{Event: "note"}, b.note},
		{ws.Handler{Event: "tally", NoData: true}, b.answerTally},
		{ws.Handler{Event: "hold", NoData: true, Mode: ws.Parallel, Max: ws.Unlimited}, b.hold},
		{ws.Handler{Event: "release", NoData: true}, b.release},
		{ws.Handler{Event: "fail"}, b.fail},
		{ws.Handler{Event: "tick"}, b.tick},
		{ws.Handler{Event: "follow"}, b.follow},
		{ws.Handler{Event: "tear", Mode: ws.Parallel}, b.tear},
		{ws.Handler{Event: "raw"}, b.raw},
		{ws.Handler{Event: "kick"}, b.kick},
		{ws.Handler{Event: "numbers", Stream: true}, b.numbers},
	}
	spec := ws.Spec{Gateway: "board.Board", Path: "/boards/{board}", Connect: b.connect, ConnGuards: guards}
	for _, h := range handlers {
		spec.Handlers = append(spec.Handlers, h.Handler)
	}
	spec.Lookup = func(event []byte) int {
		return slices.IndexFunc(spec.Handlers, func(h ws.Handler) bool { return h.Event == string(event) })
	}
	spec.Call = func(i int, c *ws.Call) error { return handlers[i].call(c) }
	return ws.NewEndpoint(server, spec)
}

func (b *board) connect(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tally.Opened++
	if b.front {
		if err := b.kept(c.Server()).Follow(c, "front"); err != nil {
			return nil, err
		}
	}
	return nil, c.Join(c.PathValue("board"))
}

// kept pushes what is kept, as generated code does for an interface marked //ws:history.
func (b *board) kept(server *ws.Server) ws.Push[ws.Target] {
	log := ws.Log{Name: "board.Kept", Size: cmp.Or(b.size, 1000), TTL: time.Hour}
	return ws.NewKeptPush(server, log, func(t ws.Target) ws.Target { return t.Kept() })
}

// follow has the caller follow a room.
func (b *board) follow(c *ws.Call) error {
	var room string
	if err := c.Decode(&room); err != nil {
		return err
	}
	return b.kept(c.Client().Server()).Follow(c.Client(), room)
}

func (b *board) post(c *ws.Call) error {
	var in post
	if err := c.Decode(&in); err != nil {
		return err
	}
	if in.Text == "" {
		return ws.Invalid(ws.FieldErrors{{Path: "/text", Rule: "required"}})
	}
	in.ID = 7
	if _, err := c.Client().To(c.Client().PathValue("board"), "posted", &in); err != nil {
		return err
	}
	return c.Reply(&in)
}

func (b *board) echo(c *ws.Call) error {
	var in any
	if err := c.DecodeNullable(&in); err != nil {
		return err
	}
	return c.Reply(in)
}

func (b *board) note(c *ws.Call) error {
	var in int
	if err := c.Decode(&in); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tally.Noted = append(b.tally.Noted, in)
	return nil
}

func (b *board) answerTally(c *ws.Call) error {
	b.mu.Lock()
	now := b.tally
	now.Noted = slices.Clone(now.Noted)
	b.mu.Unlock()
	return c.Reply(&now)
}

func (b *board) hold(c *ws.Call) error {
	let := make(chan struct{})
	b.mu.Lock()
	b.holds[let] = struct{}{}
	b.mu.Unlock()
	select {
	case <-let:
		return nil
	case <-c.Context().Done():
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.holds, let)
		b.tally.Canceled++
		return c.Context().Err()
	}
}

func (b *board) release(*ws.Call) error {
	b.letGo()
	return nil
}

func (b *board) letGo() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for let := range b.holds {
		close(let)
	}
	clear(b.holds)
}

func (b *board) fail(c *ws.Call) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	return &ws.Error{
		Code: ws.Code(in.Code), Message: "as you wish", RetryAfter: 1500 * time.Millisecond,
		Details: []ws.Detail{{Path: "/code", Rule: "eq", Param: in.Code}},
	}
}

func (b *board) tick(c *ws.Call) error {
	var in struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	told := 0
	for n := in.From; n <= in.To; n++ {
		heard, err := c.Client().To(c.Client().PathValue("board"), "tick", n)
		if err != nil {
			return err
		}
		told += heard
	}
	return c.Reply(told)
}

// tear asks the caller, for a short time if the question says so.
func (b *board) tear(c *ws.Call) error {
	var in question
	if err := c.Decode(&in); err != nil {
		return err
	}
	ctx := c.Context()
	if in.Text == "quick" {
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		ctx = short
	}
	ask := ws.NewAsk(c.Client().Server(), func(to ws.Asked) ws.Asked { return to })
	event := "confirm"
	if in.Text == "unheard" {
		event = "unheard"
	}
	sure, err := ws.AskOne[bool](ctx, ask.Client(c.Client()), event, &in)
	if err != nil {
		return err
	}
	return c.Reply(sure)
}

func (b *board) raw(c *ws.Call) error {
	var in struct {
		Text string `json:"text"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	return c.Sender().Send(in.Text)
}

func (b *board) kick(c *ws.Call) error {
	var in struct {
		Code   ws.CloseCode `json:"code"`
		Reason string       `json:"reason"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	return c.Client().Close(in.Code, in.Reason)
}

func (b *board) numbers(c *ws.Call) error {
	var in struct {
		To int `json:"to"`
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	return ws.Stream(c, func(yield func(int) bool) {
		for n := 1; n <= in.To; n++ {
			b.mu.Lock()
			b.tally.Made++
			b.mu.Unlock()
			if !yield(n) {
				return
			}
		}
	})
}

// doorman lets in who has a token, if the site wants one.
type doorman struct{}

func (doorman) GuardConn(u *ws.Upgrade) error {
	switch u.Token {
	case "ann":
		u.Principal = ws.Principal{ID: "ann", Expires: time.Now().Add(time.Hour)}
		return nil
	case "ann/soon":
		u.Principal = ws.Principal{ID: "ann", Expires: time.Now().Add(300 * time.Millisecond)}
		return nil
	case "eve":
		return ws.NewError(ws.CodeForbidden, "not at this board")
	}
	return ws.NewError(ws.CodeUnauthenticated, "no such token")
}
