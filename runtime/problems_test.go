package ws_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestProblems: each option that can never do what it says is an error with its
// cure, of Problems and in the log of NewServer, once.
func TestProblems(t *testing.T) {
	rate := func(perSecond float64, burst int) ws.Rate { return ws.Rate{PerSecond: perSecond, Burst: burst} }
	for _, c := range []struct {
		o    ws.Options
		want string // of the error, behind "ws: Options."
	}{
		{ws.Options{PingInterval: 2 * time.Minute}, "PingInterval: 2m0s is not below IdleTimeout, which by default is 1m0s: a client that only listens is pinged when IdleTimeout is over, and not before; set IdleTimeout to 5m0s for one, or Unlimited"},
		{ws.Options{PingInterval: time.Minute, IdleTimeout: time.Minute}, "PingInterval: 1m0s is not below IdleTimeout, which is 1m0s: "},
		{ws.Options{IdleTimeout: 25 * time.Second}, "IdleTimeout: 25s is not above PingInterval, which is 25s by default: a client that only listens is pinged when IdleTimeout is over, and not before; set PingInterval as well, to 10s for one"},
		{ws.Options{PingInterval: 10 * time.Second, Lifetime: 10 * time.Second}, "PingInterval: 10s is never reached, since Lifetime is 10s"},
		{ws.Options{IdleTimeout: 5 * time.Hour}, "IdleTimeout: 5h0m0s is never reached, since Lifetime is 4h0m0s"},
		{ws.Options{IdleTimeout: 90}, "IdleTimeout: nothing happens within 90ns: is a unit missing, as in 90*time.Second?"},
		{ws.Options{HandshakeTimeout: 5}, "HandshakeTimeout: nothing happens within 5ns"},
		{ws.Options{ConnectTimeout: 5}, "ConnectTimeout: nothing happens within 5ns"},
		{ws.Options{WriteTimeout: 999 * time.Microsecond}, "WriteTimeout: nothing happens"},
		{ws.Options{Lifetime: 4}, "Lifetime: nothing happens"},
		{ws.Options{DrainTimeout: 5}, "DrainTimeout: nothing happens within 5ns: is a unit missing"},
		{ws.Options{DrainTimeout: -time.Second}, "DrainTimeout: -1s lifts the limit: write Unlimited if that is meant"},
		{ws.Options{DisconnectTimeout: 4}, "DisconnectTimeout: nothing happens"},
		{ws.Options{ShutdownSpread: 4}, "ShutdownSpread: nothing happens"},
		{ws.Options{ShutdownDelay: 4}, "ShutdownDelay: nothing happens"},
		{ws.Options{ShutdownDelay: ws.Unlimited}, "ShutdownDelay: a delay below zero is none"},
		{ws.Options{Lifetime: -time.Second}, "Lifetime: -1s lifts the limit: write Unlimited if that is meant"},
		{ws.Options{Cluster: ws.Cluster{PublishOnly: true}}, "Cluster: without a Broker this Server is alone, and the rest of Cluster says nothing"},
		{ws.Options{MaxRooms: -2}, "MaxRooms: -2 lifts the limit: write Unlimited if that is meant"},
		{ws.Options{MaxAsks: -2}, "MaxAsks: -2 lifts the limit"},
		{ws.Options{AskTimeout: 30}, "AskTimeout: nothing happens within 30ns: is a unit missing"},
		{ws.Options{AskTimeout: -time.Minute}, "AskTimeout: -1m0s lifts the limit: write Unlimited if that is meant"},
		{ws.Options{ConnectTimeout: -time.Second}, "ConnectTimeout: -1s lifts the limit: write Unlimited if that is meant"},
		{ws.Options{ResumeWindow: 60}, "ResumeWindow: nothing happens within 60ns: is a unit missing, as in 60*time.Second?"},
		{ws.Options{ResumeWindow: -time.Minute}, "ResumeWindow: -1m0s lifts the limit: write Unlimited if that is meant"},
		{ws.Options{ResumeFrames: -2}, "ResumeFrames: -2 lifts the limit: write Unlimited if that is meant"},
		{ws.Options{ResumeBytes: -2}, "ResumeBytes: -2 lifts the limit: write Unlimited if that is meant"},
		{ws.Options{ResumeBytes: 64<<20 + 1}, "ResumeBytes: 67108865 is never reached, since ResumeTotalBytes is 67108864: make it smaller"},
		{ws.Options{ResumeBytes: 2, ResumeTotalBytes: 1}, "ResumeBytes: 2 is never reached, since ResumeTotalBytes is 1: make it smaller"},
		{ws.Options{ResumeTotalBytes: -2}, "ResumeTotalBytes: -2 lifts the limit: write Unlimited if that is meant"},
		{ws.Options{MaxDetached: -2}, "MaxDetached: -2 lifts the limit: write Unlimited if that is meant"},
		{ws.Options{MaxStreams: math.MinInt}, "MaxStreams: -9223372036854775808 lifts the limit"},
		{ws.Options{MaxConnections: 10, MaxConnectionsPerAddr: 11}, "MaxConnectionsPerAddr: 11 is never reached, since MaxConnections is 10"},
		{ws.Options{MaxMessageBytes: 12}, "MaxMessageBytes: no message is as short as 12 bytes: 13 at least"},
		{ws.Options{MaxEventBytes: 64<<10 + 1}, "MaxEventBytes: 65537 is never reached, since MaxMessageBytes is 65536"},
		{ws.Options{OutboxFrames: 1}, "OutboxFrames: 1 has no room for a push while another is written"},
		{ws.Options{OutboxBytes: 512 << 20}, "OutboxBytes: 536870912 is never reached, since OutboxTotalBytes is 268435456"},
		{ws.Options{CompressAbove: ws.Unlimited}, "CompressAbove: -1 compresses nothing, as 0 does"},
		{ws.Options{Overflow: ws.CloseSlow + 1}, "Overflow: there is no policy 4: take ShedNewest, ShedOldest or CloseSlow"},
		{ws.Options{Interceptors: []ws.Interceptor{nil}}, "Interceptors: entry 0 is nil"},
		{ws.Options{ConnRate: rate(0, 5)}, "ConnRate: Burst is 5 and PerSecond is not set, so nothing is limited: set both"},
		{ws.Options{ConnRate: rate(-3, 0)}, "ConnRate: PerSecond is -3, and nothing is limited"},
		{ws.Options{ConnRate: rate(math.NaN(), 0)}, "ConnRate: PerSecond is no number"},
		{ws.Options{PrincipalRate: rate(math.Inf(1), 0)}, "PrincipalRate: PerSecond is no number"},
		{ws.Options{PrincipalRate: rate(2.5, ws.Unlimited)}, "PrincipalRate: Burst is -1, and taken for 3: it cannot be lifted"},
		{ws.Options{EventRates: map[string]ws.Rate{"echo": rate(0, 5)}}, `EventRates: of "echo": Burst is 5`},
		{ws.Options{ConnRate: rate(5, 10), EventRates: map[string]ws.Rate{"echo": rate(6, 10)}}, `EventRates: of "echo": 6 a second, 10 at once, is never reached, since ConnRate counts the event, too`},
	} {
		logs := &logs{}
		c.o.Logger = slog.New(slog.NewTextHandler(logs, nil))
		name, text, _ := strings.Cut(c.want, ": ")
		err := c.o.Problems()
		if err == nil || !strings.HasPrefix(err.Error(), "ws: Options."+c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %s\ngot  %v", c.want, err)
		}
		s := ws.NewServer(c.o)
		e := gateway{on: map[string]handler{"echo": inline(echo)}, configure: func(o *ws.Options) { o.Interceptors = nil }}.endpoint(s)
		ws.NewRouter(e, gateway{path: "/b"}.endpoint(ws.NewServer(ws.Options{})))
		line := fmt.Sprintf(`level=ERROR msg="ws: an option does not do what it says" option=%s problem=%q`, name, text)
		if log := logs.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, strings.TrimSuffix(line, `"`)) {
			t.Errorf("want %s\nthe log says %s", line, log)
		}
	}
}

// TestNoProblems: options that do what they say are no problem, Unlimited and
// all defaults included.
func TestNoProblems(t *testing.T) {
	for _, o := range []ws.Options{
		{},
		{
			MaxConnections: -1, MaxConnectionsPerAddr: -1, MaxMessageBytes: -1, MaxEventBytes: -1, MaxRooms: -1, MaxRoomBytes: -1, OutboxFrames: -1,
			OutboxBytes: -1, OutboxTotalBytes: -1, InboxMessages: -1, InboxBytes: -1, MaxStreams: -1, MaxAsks: -1, MaxRateStrikes: -1, HandshakeTimeout: -1,
			ConnectTimeout: -1, WriteTimeout: -1, PingInterval: -1, IdleTimeout: -1, Lifetime: -1, DrainTimeout: -1, AskTimeout: -1, DisconnectTimeout: -1, ShutdownSpread: -1,
			ResumeWindow: -1, ResumeFrames: -1, ResumeBytes: -1, ResumeTotalBytes: -1, MaxDetached: -1,
			ConnRate: ws.Rate{PerSecond: -1}, EventRates: map[string]ws.Rate{"a": {PerSecond: -1}, "b": {}},
		},
		{MaxConnections: 10, MaxConnectionsPerAddr: 10, MaxMessageBytes: 13, OutboxFrames: 2, InboxMessages: 1, CompressAbove: 1},
		{PingInterval: 59 * time.Second},
		{IdleTimeout: 26 * time.Second},
		{PingInterval: ws.Unlimited, IdleTimeout: time.Second},
		{PingInterval: ws.Unlimited},
		{IdleTimeout: ws.Unlimited},
		{Lifetime: time.Second},
		{OutboxTotalBytes: 1 << 10},
		{ResumeTotalBytes: 1 << 10},
		{ResumeBytes: 64 << 20, ResumeFrames: 1, MaxDetached: 1, ResumeWindow: time.Millisecond, ConnectTimeout: time.Millisecond, AskTimeout: time.Millisecond, MaxAsks: 1},
		{NoResume: true, ResumeWindow: time.Minute, ResumeFrames: 10}, // a gateway may have no sessions that stay where others have
		{Lifetime: ws.Unlimited, IdleTimeout: 24 * time.Hour},
		{ConnRate: ws.Rate{PerSecond: 5, Burst: 10}, EventRates: map[string]ws.Rate{"a": {PerSecond: 1, Burst: 20}, "b": {PerSecond: 6, Burst: 2}}},
	} {
		if err := o.Problems(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestOriginProblems: an origin that no browser sends so is an error that says
// how to write it. One that a browser may send is none, and matches.
func TestOriginProblems(t *testing.T) {
	write := func(origin string) string { return fmt.Sprintf("and no browser sends it so: write %q", origin) }
	for origin, want := range map[string]string{
		"https://app.example.com/":       "it has a slash at its end, " + write("https://app.example.com"),
		"https://app.example.com/chat":   "it has a path, " + write("https://app.example.com"),
		"https://app.example.com?a=1":    "it has a path, " + write("https://app.example.com"),
		"app.example.com":                "it has no scheme, " + write("https://app.example.com"),
		"app.example.com:8443/":          "it has a slash at its end, " + write("https://app.example.com:8443"),
		"//app.example.com":              "it has no scheme, " + write("https://app.example.com"),
		"localhost:3000":                 "it has no scheme, " + write("https://localhost:3000"),
		"https://app.example.com:443":    "it has the port that its scheme has anyway, " + write("https://app.example.com"),
		"http://app.example.com:80/":     "it has the port that its scheme has anyway, " + write("http://app.example.com"),
		"https://app.example.com:":       "it has a colon without a port, " + write("https://app.example.com"),
		"https://app.example.com:08443":  "its port begins with a zero, " + write("https://app.example.com:8443"),
		"wss://app.example.com":          "an origin is that of the page, not of the WebSocket, " + write("https://app.example.com"),
		"ws://localhost:3000":            "an origin is that of the page, not of the WebSocket, " + write("http://localhost:3000"),
		"https://ann@app.example.com":    "it has a user, " + write("https://app.example.com"),
		"https://[0:0::1]:8443":          "its IPv6 address is not in the short form, " + write("https://[::1]:8443"),
		"chrome-extension://abc/":        "it has a slash at its end, " + write("chrome-extension://abc"),
		"*":                              "name each origin, or set InsecureSkipOriginCheck",
		"https://*.example.com":          "there are no patterns",
		"":                               "an entry is empty: take it out",
		" https://app.example.com":       "take off the space around it",
		"https://a.example, https://b.x": "write one origin an entry",
		"https://":                       "has no host",
		"https://b\u00fccher.example":    "xn--",
		"https://app.example.com:https":  "the port is no number up to 65535",
		"https://app.example.com:65536":  "the port is no number up to 65535",
		"https://::1":                    "an IPv6 address stands in brackets",
		"https://[::1":                   "no IPv6 address",
		"https://[127.0.0.1]":            "no IPv6 address",
		"https://app%2eexample.com":      "no host has the character '%'",
		"https://app example.com":        "no host has the character ' '",
		"http://127.1:3000":              "no IPv4 address",
	} {
		err := ws.Options{Origins: []string{"https://ok.example", origin}}.Problems()
		if err == nil || !strings.HasPrefix(err.Error(), "ws: Options.Origins: ") || !strings.Contains(err.Error(), want) ||
			origin != "" && !strings.Contains(err.Error(), fmt.Sprintf("%q", origin)) {
			t.Errorf("%q: %v", origin, err)
		}
		// The cure is one.
		if _, cure, ok := strings.Cut(want, "write \""); ok {
			if err := (ws.Options{Origins: []string{strings.TrimSuffix(cure, `"`)}}).Problems(); err != nil {
				t.Errorf("%q: the cure is none: %v", origin, err)
			}
		}
	}
	fine := []string{
		"https://app.example.com", "HTTPS://App.Example.com", "http://localhost", "http://localhost:3000", "https://app.example.com:80",
		"http://app.example.com:443", "https://xn--bcher-kva.example", "https://app_1.example.com", "https://example.com.", "null",
		"https://127.0.0.1:8443", "https://[::1]", "https://[2001:db8::1]:8443", "https://[::ffff:102:304]",
		"chrome-extension://abcdefghijklmnop", "moz-extension://7a0c", "capacitor://localhost", "tauri://localhost", "https://1password.com",
	}
	if err := (ws.Options{Origins: fine}).Problems(); err != nil {
		t.Error(err)
	}
	s := serve(t, ws.Options{Origins: fine}, gateway{})
	for _, origin := range fine {
		if p, res := s.try(t, "/ws", "Origin: "+origin); p == nil {
			t.Errorf("%q: %v", origin, res)
		}
	}
	several := ws.Options{Origins: []string{"*", "a.example"}, MaxRooms: -2}.Problems()
	if joined, ok := several.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 3 {
		t.Errorf("not all of three: %v", several)
	}
	if errors.Unwrap(several) != nil {
		t.Error("it is no errors.Join")
	}
}

// TestGatewayProblems: a gateway's constructor logs the problems of what it
// configures, and not again those of the Server's options.
func TestGatewayProblems(t *testing.T) {
	logs := &logs{}
	s := ws.NewServer(ws.Options{
		Logger: slog.New(slog.NewTextHandler(logs, nil)), Origins: []string{"*"},
		EventRates: map[string]ws.Rate{"elsewhere": {PerSecond: 1}, "changed": {PerSecond: 1}},
	})
	echoes := map[string]handler{"search": inline(echo), "say": inline(echo)}
	before := logs.String()
	_ = gateway{on: echoes, configure: func(o *ws.Options) {
		o.PingInterval = 2 * time.Minute
		o.EventRates["serach"] = ws.Rate{PerSecond: 1}
		o.EventRates["changed"] = ws.Rate{PerSecond: 2}
		o.EventRates["say"] = ws.Rate{PerSecond: 2}
		o.EventRates["lifted"] = ws.Rate{}
	}}.endpoint(s)
	_ = gateway{on: echoes, configure: func(*ws.Options) {}}.endpoint(s)
	log := strings.TrimPrefix(logs.String(), before)
	if strings.Count(log, "level=ERROR") != 3 || strings.Count(log, "gateway=test.Gateway") != 3 || strings.Contains(log, "Origins") {
		t.Errorf("the log says %s", log)
	}
	for _, want := range []string{
		`the gateway does not handle the event \"serach\", so nothing is limited: correct its name, or take it out; there is say, search"`,
		`the gateway does not handle the event \"changed\"`, "option=PingInterval",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %s:\n%s", want, log)
		}
	}
}

// TestPingsOff: with pings off no peer counts as dead that was never asked,
// unless the silence has a limit of its own.
func TestPingsOff(t *testing.T) {
	for name, c := range map[string]struct {
		o    ws.Options
		cut  bool
		word bool
	}{
		"alone":                {ws.Options{PingInterval: ws.Unlimited}, false, true},
		"and silence as well":  {ws.Options{PingInterval: ws.Unlimited, IdleTimeout: ws.Unlimited}, false, false},
		"but silence is timed": {ws.Options{PingInterval: ws.Unlimited, IdleTimeout: time.Minute}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t, c.o, gateway{})
				p := s.dial(t, "/ws")
				_ = p.conn.SetDeadline(time.Time{})
				frames := make(chan byte, 10)
				go func() {
					defer close(frames)
					for {
						first, _, err := p.read()
						if err != nil {
							return
						}
						frames <- first
					}
				}()
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				if cut := s.ConnectionCount() == 0; cut != c.cut {
					t.Errorf("cut %v", cut)
				}
				_ = p.conn.Close()
				for first := range frames {
					t.Errorf("a frame came: %#x", first)
				}
				if word := strings.Contains(s.logs.String(), "level=INFO msg=\"ws: Options.PingInterval is Unlimited"); word != c.word {
					t.Errorf("the log says %s", s.logs)
				}
				s.shutdown(t)
			})
		})
	}
}
