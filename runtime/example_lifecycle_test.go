package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// A guard that knows how long a token is good for says so; the connection ends
// then, unless the client sends a new token with $refresh.
func ExamplePrincipal() {
	guard := connGuard(func(u *ws.Upgrade) error {
		name, _, ok := strings.Cut(u.Token, ".")
		if !ok {
			return ws.NewError(ws.CodeUnauthenticated, "no such token")
		}
		u.Principal = ws.Principal{ID: name, Scopes: []string{"chat"}, Expires: time.Now().Add(time.Hour)}
		return nil
	})
	u := &ws.Upgrade{Request: httptest.NewRequest("GET", "/ws", nil), Token: "ann.secret"}
	fmt.Println(guard.GuardConn(u), u.Principal.ID, u.Principal.Scopes)
	// Output: <nil> ann [chat]
}

// A user is all connections of one principal, in any number of tabs.
func ExampleServer_Users() {
	server := ws.NewServer(ws.Options{})
	signOut := func(user string) {
		n := server.Users(user).Disconnect(4001, "signed out")
		fmt.Println(user, "had", n, "connections")
	}
	signOut("ann")
	// Output: ann had 0 connections
}

// Rates are tokens in a bucket: so many at once, so many a second for ever.
func ExampleRate() {
	server := ws.NewServer(ws.Options{
		ConnRate:       ws.Rate{PerSecond: 20, Burst: 100},             // of each connection
		EventRates:     map[string]ws.Rate{"search": {PerSecond: 0.5}}, // of an event of it
		PrincipalRate:  ws.Rate{PerSecond: 50},                         // of all tabs of a user
		MaxRateStrikes: ws.Unlimited,                                   // never close for it
	})
	fmt.Println(server.ConnectionCount())
	// Output: 0
}

// Behind a proxy that you run, and that sets X-Forwarded-For, the last entry of its
// last line is the address that called the proxy. All before is the client's text.
func ExampleOptions_clientAddr() {
	options := ws.Options{
		MaxConnectionsPerAddr: 100,
		ClientAddr: func(r *http.Request) netip.Addr {
			lines := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
			addr, _ := netip.ParseAddr(strings.TrimSpace(lines[strings.LastIndexByte(lines, ',')+1:]))
			return addr // an invalid one means the socket's
		},
	}
	r := httptest.NewRequest("GET", "/ws", nil)
	r.Header.Set("X-Forwarded-For", "127.0.0.1, 203.0.113.7") // nginx has added the second
	fmt.Println(options.ClientAddr(r))
	r.Header["X-Forwarded-For"] = []string{"127.0.0.1", "203.0.113.8"} // HAProxy adds a line
	fmt.Println(options.ClientAddr(r))
	// Output:
	// 203.0.113.7
	// 203.0.113.8
}

// A load balancer reads /readyz, and is told before anything is closed.
func ExampleReadyz() {
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	mux := http.NewServeMux()
	mux.Handle("GET /readyz", ws.Readyz(server))
	ask := func() {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		fmt.Print(w.Code, " ", w.Body)
	}
	ask()
	_ = server.Shutdown(context.Background())
	ask()
	// Output:
	// 200 ready
	// 503 shutting down
}

// The error of Join may go to the client as it is, and has a cause to tell it by.
func ExampleClient_Join() {
	var gone ws.Client
	err := gone.Join("lobby")
	switch {
	case errors.Is(err, ws.ErrTooManyRooms), errors.Is(err, ws.ErrRoomName):
		fmt.Println("the client asks for too much:", err)
	case errors.Is(err, ws.ErrClosed):
		fmt.Println("never mind:", err)
	}
	// Output: never mind: ws: connection closed
}
