package ws_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// A service that pushes needs a Server, and nothing else.
func ExampleServer() {
	server := ws.NewServer(ws.Options{})
	announce := func(text string) {
		n, err := server.Broadcast("announce", text)
		fmt.Println(n, err)
	}
	announce("maintenance at noon") // nobody is connected
	_, err := server.EmitTo("lobby", "announce", func() {})
	fmt.Println(err)
	// Output:
	// 0 <nil>
	// ws: event "announce" was sent to nobody: json: unsupported type: func()
}

// Limits are fields of Options; zero is the documented default.
func ExampleOptions() {
	server := ws.NewServer(ws.Options{
		Origins:         []string{"https://app.example.com"},
		MaxMessageBytes: 1 << 20,
		Lifetime:        ws.Unlimited,
	})
	fmt.Println(server.ConnectionCount())
	// Output: 0
}

// A Target is looked up at each call, so it may be kept.
func ExampleTarget() {
	server := ws.NewServer(ws.Options{})
	others := server.In("lobby", "staff").Except(7)
	n, err := others.Emit("typing", map[string]string{"author": "ann"})
	fmt.Println(others.Rooms(), others.Count(), n, err)
	// Output: [lobby staff] 0 0 <nil>
}

// Events is a push interface; wsgen writes an implementation like fakeEvents,
// over a Target.
type Events interface {
	Typing(author string) error
}

type fakeEvents struct{ to ws.Target }

func (f fakeEvents) Typing(author string) error {
	fmt.Println(author, "is typing in", strings.Join(f.to.Rooms(), ", "))
	return nil
}

// A service that takes a Push is tested with a fake of its events.
func ExamplePush() {
	push := ws.NewPush(nil, func(t ws.Target) Events { return fakeEvents{t} })
	_ = push.In("lobby").Typing("ann")
	// Output: ann is typing in lobby
}

// A refusal has a code for programs and a message for people; its cause stays
// in the log.
func ExampleError() {
	err := ws.NewError(ws.CodeForbidden, "only members may write").
		WithDetails(ws.Detail{Path: "/room", Rule: "member"}).
		WithCause(fmt.Errorf("user 7 is not in room 9"))
	fmt.Println(err)
	// Output: forbidden: only members may write: user 7 is not in room 9
}

// tokens is a connection guard: it knows who may connect.
type tokens map[string]string

func (t tokens) GuardConn(u *ws.Upgrade) error {
	name, ok := t[u.Token]
	if !ok {
		return ws.NewError(ws.CodeUnauthenticated, "unknown token")
	}
	u.Principal = ws.Principal{ID: name}
	return nil
}

// A connection guard answers 401 before there is a connection.
func ExampleConnGuard() {
	var guard ws.ConnGuard = tokens{"s3cret": "ann"}
	u := &ws.Upgrade{Request: httptest.NewRequest("GET", "/ws", nil), Token: "s3cret"}
	fmt.Println(guard.GuardConn(u), u.Principal.ID)
	fmt.Println(guard.GuardConn(&ws.Upgrade{Token: "?"}))
	// Output:
	// <nil> ann
	// unauthenticated: unknown token
}

// A Sender is a comparable handle, fit to be a map key; the zero Sender is a
// closed connection.
func ExampleSender() {
	members := map[ws.Sender]string{{}: "gone"}
	for sender, name := range members {
		if err := sender.SendJSON(map[string]string{"to": name}); err != nil {
			fmt.Println(name, err)
			delete(members, sender)
		}
	}
	fmt.Println(len(members))
	// Output:
	// gone ws: connection closed
	// 0
}

// A Router is an http.Handler; Shutdown tells every client to go.
func ExampleRouter() {
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	endpoint := ws.NewEndpoint(server, ws.Spec{ // generated code does this
		Gateway: "chat.ChatGateway", Path: "/ws", Lookup: func([]byte) int { return -1 },
	})
	router := ws.NewRouter(endpoint)
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ws", nil))
	fmt.Print(w.Code, " ", w.Body)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(router.Shutdown(ctx))
	// Output:
	// 426 {"code":"bad_frame","message":"this is a WebSocket endpoint: connect with a WebSocket client"}
	// <nil>
}

// Of values that change faster than a client reads, only the last matters: it
// replaces the one of the same key that still waits.
func ExampleTarget_Coalesce() {
	server := ws.NewServer(ws.Options{})
	price := func(symbol string, cents int) (int, error) {
		return server.In("traders").Coalesce("price:"+symbol).Emit("price", cents)
	}
	n, err := price("ACME", 4200)
	fmt.Println(n, err) // nobody is connected
	// Output: 0 <nil>
}

// A push that must not be missed unawares closes the connections that have no
// room for it, whatever the Server does with others.
func ExampleTarget_Overflow() {
	server := ws.NewServer(ws.Options{Overflow: ws.ShedOldest})
	n, err := server.All().Overflow(ws.CloseSlow).Emit("alarm", "fire")
	fmt.Println(n, err)
	// Output: 0 <nil>
}

// A typed push has the same choices as a Target.
func ExamplePush_Coalesce() {
	push := ws.NewPush(nil, func(t ws.Target) Events { return fakeEvents{t} })
	_ = push.Coalesce("typing:ann").Overflow(ws.ShedOldest).In("lobby").Typing("ann")
	// Output: ann is typing in lobby
}

// Losses of full outboxes are counted, logged now and then, and told to the
// Observer.
func ExampleShed() {
	var lost, closed int
	server := ws.NewServer(ws.Options{
		OutboxTotalBytes: 64 << 20,
		Observer: ws.Observer{Shed: func(s ws.Shed) {
			lost += s.Shed
			closed += s.Closed
		}},
	})
	_, _ = server.Broadcast("tick", 1)
	fmt.Println(lost, closed, server.Stats().Shed)
	// Output: 0 0 0
}
