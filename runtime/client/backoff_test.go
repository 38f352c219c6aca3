package wsclient_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// TestBackOff: a server that lets a client in and loses it soon is asked less and less
// often, also if it asks the client to leave and to be back at once, and one that has kept
// it for a while is asked soon again.
func TestBackOff(t *testing.T) {
	const goaway = `{"event":"$goaway","data":{"reason":"lifetime","retryAfterMs":1}}`
	for name, of := range map[string]struct {
		open time.Duration // how long each socket lasts
		says string        // what the server says then
		want func(attempts int, away time.Duration) bool
	}{
		"lost at once":  {0, "", func(n int, _ time.Duration) bool { return n < 600 }},
		"lost soon":     {5 * time.Second, "", func(n int, away time.Duration) bool { return away > 20*time.Minute }},
		"lost later":    {5*time.Second + time.Millisecond, "", func(n int, away time.Duration) bool { return away < time.Duration(n)*500*time.Millisecond }},
		"asked to go":   {0, goaway, func(n int, _ time.Duration) bool { return n < 600 }},
		"... soon":      {5 * time.Second, goaway, func(n int, away time.Duration) bool { return away > 20*time.Minute }},
		"... and later": {5*time.Second + time.Millisecond, goaway, func(n int, away time.Duration) bool { return away < time.Duration(n)*10*time.Millisecond }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var attempts atomic.Int64
				var servers sync.WaitGroup
				o := wsclient.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
					attempts.Add(1)
					client, server := net.Pipe()
					servers.Go(func() { letIn(server, of.open, of.says) })
					return client, nil
				}}
				began := time.Now()
				c, err := wsclient.Start("ws://server.example", wsclient.Gateway{Path: "/ws"}, o)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				n := int(attempts.Load())
				if away := time.Since(began) - time.Duration(n)*of.open; n == 0 || !of.want(n, away) {
					t.Errorf("%d attempts in an hour, and no connection for %v", n, away)
				}
				closes(t, &Chat{Client: c})
				servers.Wait()
			})
		})
	}
}

// TestRetryAfter: who is refused by a date is told how long that is.
func TestRetryAfter(t *testing.T) {
	for after, want := range map[string]func(time.Duration) bool{
		time.Now().Add(time.Hour).UTC().Format(http.TimeFormat):        func(d time.Duration) bool { return d > 50*time.Minute && d <= time.Hour },
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):       func(d time.Duration) bool { return d == 0 },
		time.Now().Add(9999 * time.Hour).UTC().Format(http.TimeFormat): func(d time.Duration) bool { return d == 24*time.Hour },
		"9999999":                 func(d time.Duration) bool { return d == 24*time.Hour },
		"99999999999999999999999": func(d time.Duration) bool { return d == 24*time.Hour },
		"-1":                      func(d time.Duration) bool { return d == 0 },
	} {
		url := listening(t, func(_ int, p *peer) error {
			return p.answer("403 Forbidden", "Retry-After: "+after, "Content-Length: 0", "")
		})
		_, err := DialChat(within(t), url, wsclient.Options{})
		var refused *wsclient.HandshakeError
		if !errors.As(err, &refused) || !want(refused.RetryAfter) {
			t.Errorf("%s: %+v", after, err)
		}
	}
}

// letIn opens a session, and breaks the connection when it has been open for a time, or
// says something then for which the client leaves.
func letIn(conn net.Conn, open time.Duration, says string) {
	defer conn.Close()
	p, err := newPeer(conn)
	if err != nil || p.upgrade() != nil {
		return
	}
	if _, err = p.next(); err == nil && p.send(`{"event":"$connected","data":{"sid":"s1","resumed":true,"seq":0}}`) == nil {
		time.Sleep(open)
		if says != "" && p.send("%s", says) == nil {
			_, _ = p.next() // until it closes
		}
	}
}
