package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// TestToken: the token is asked for before each attempt, and goes with $connect only.
// One that was refused is asked for once more.
func TestToken(t *testing.T) {
	logs := &logs{}
	var seen list[string]
	s := serve(t, ws.Options{}, gateway{
		on: map[string]handler{"echo": inline(echo)},
		guard: func(u *ws.Upgrade) error {
			if u.Request.Header.Get("X-Mine") != "yes" || u.Request.URL.RawQuery != "" || u.Request.Header.Get("Sec-WebSocket-Key") == "forged" {
				return ws.NewError(ws.CodeForbidden, "the header has not come")
			}
			if seen.add(u.Token); u.Token != "good" {
				return ws.NewError(ws.CodeUnauthenticated, "no such token")
			}
			return nil
		},
	})
	asked := 0
	token := func(ctx context.Context) (string, error) {
		if _, ends := ctx.Deadline(); !ends {
			t.Error("the context of Token has no end")
		}
		switch asked++; asked {
		case 1:
			return "", errors.New("not yet")
		case 2:
			return "old", nil
		}
		return "good", nil
	}
	header := http.Header{"x-mine": {"yes"}, "Sec-Websocket-Key": {"forged"}, "Connection": {"close"}, "sec-websocket-protocol": {"soap"}}
	c := dial(t, s.url, wsclient.Options{Token: token, Header: header, Retry: soon, Logger: logs.logger()})
	if got := seen.String(); got != "[old good]" {
		t.Error(got)
	}
	closes(t, c)

	_, err := DialChat(within(t), s.url, wsclient.Options{Token: func(context.Context) (string, error) { return "bad", nil }, Header: header, Retry: soon})
	var closed *wsclient.CloseError
	if !errors.As(err, &closed) || closed.Code != ws.CloseUnauthenticated || closed.Reason != "unauthenticated: no such token" {
		t.Errorf("%v", err)
	}
	if _, err = DialChat(within(t), s.url, wsclient.Options{Header: header}); !errors.As(err, &closed) || closed.Code != ws.CloseUnauthenticated {
		t.Errorf("without a token: %v", err)
	}
	if _, err = DialChat(within(t), s.url, wsclient.Options{}); !errors.As(err, &closed) || closed.Code != ws.CloseForbidden {
		t.Errorf("without the header: %v", err)
	}
	panics := func(context.Context) (string, error) { panic("no token") }
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err = DialChat(ctx, s.url, wsclient.Options{Token: panics, Header: header, Retry: soon}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a Token that panics: %v", err)
	}
}

// TestRefresh: a client that refreshes in time keeps its connection.
func TestRefresh(t *testing.T) {
	var asked atomic.Int64
	s := serve(t, ws.Options{}, gateway{
		on: map[string]handler{"echo": inline(echo)},
		guard: func(u *ws.Upgrade) error {
			u.Principal = ws.Principal{ID: "ann", Expires: time.Now().Add(time.Hour)}
			if u.Token == "bad" {
				return ws.NewError(ws.CodeUnauthenticated, "no such token")
			}
			return nil
		},
	})
	tokens := func(context.Context) (string, error) {
		switch n := asked.Add(1); n {
		case 3:
			return "bad", nil
		case 4:
			return "", errors.New("no token today")
		default:
			return fmt.Sprint("token ", n), nil
		}
	}
	var states list[wsclient.State]
	c := dial(t, s.url, wsclient.Options{Token: tokens, OnState: func(s wsclient.State, _ *ws.Closed) { states.add(s) }})
	if err := c.Refresh(within(t)); err != nil {
		t.Error(err)
	}
	wantCode(t, c.Refresh(within(t)), ws.CodeUnauthenticated)
	if err := c.Refresh(within(t)); err == nil || err.Error() != "no token today" {
		t.Error(err)
	}
	if _, err := c.Echo(within(t), 1); err != nil || states.String() != "[open]" {
		t.Errorf("%v, %s", err, states.String())
	}
}

// TestRefreshLost: a refresh whose connection is lost waits for the next, no longer than
// it may take.
func TestRefreshLost(t *testing.T) {
	url := scripted(t, func(n int, p *peer) error {
		if err := p.connected(); err != nil {
			return err
		}
		if n > 0 {
			return p.drain()
		}
		text, err := p.next()
		if text != `{"event":"$refresh","id":1,"data":{"token":"mine"}}` {
			t.Errorf("got %s", text)
		}
		return err
	})
	c := dial(t, url, wsclient.Options{Timeout: 500 * time.Millisecond, Retry: wsclient.Retry{Min: time.Hour, Max: time.Hour}, Token: func(context.Context) (string, error) { return "mine", nil }})
	wantCode(t, c.Refresh(context.Background()), ws.CodeTimeout)
	wantCode(t, c.Refresh(context.Background()), ws.CodeTimeout) // nothing is open yet
}
