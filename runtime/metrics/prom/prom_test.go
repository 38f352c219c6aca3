package prom_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func TestMain(m *testing.M) { wstest.Main(m) }

// site is a Server with gateways and metrics.
type site struct {
	*ws.Server
	metrics *prom.Metrics
	push    ws.Push[fixture.Events]
	router  http.Handler
}

func serve(metrics *prom.Metrics, o ws.Options) site {
	o.Logger, o.Observer = slog.New(slog.DiscardHandler), metrics.Observer()
	server := ws.NewServer(o)
	metrics.Watch(server)
	push := fixture.NewEventsPush(server)
	return site{server, metrics, push, ws.NewRouter(
		fixture.NewGatewayEndpoint(server, &fixture.Gateway{Push: push}, &fixture.Door{}, &fixture.Nobody{}).Endpoint,
		fixture.NewStdEndpoint(server, &fixture.Std{}).Endpoint,
	)}
}

func (s site) dial(t *testing.T, path string) *wstest.Conn {
	t.Helper()
	return wstest.Dial(t, s.router, wstest.Path(path))
}

// scrape returns what Prometheus is served, line by line, without the comments.
func scrape(t *testing.T, c ...prometheus.Collector) []string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c...)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("the scrape has status %d: %s", w.Code, w.Body)
	}
	return slices.DeleteFunc(strings.Split(w.Body.String(), "\n"), func(line string) bool {
		return line == "" || line[0] == '#'
	})
}

// counts are the lines of a scrape but those of histograms' buckets.
func counts(lines []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.Contains(line, "_bucket{")
	}), "\n") + "\n"
}

// TestTraffic counts what two clients do, and is done to them. Time is fake, so
// that durations are exact.
func TestTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(prom.New(prom.Options{}), ws.Options{MaxConnections: 10})
		wstest.ExpectRefused(t, s.router, http.StatusUnauthorized, wstest.Path("/fixture/lobby"))
		ann, bob := s.dial(t, "/fixture/lobby?name=ann"), s.dial(t, "/fixture/lobby?name=bob")
		s.dial(t, "/std")

		for range 3 {
			ann.Call("whole", fixture.Point{}).OK()
		}
		ann.Call("whole", nil).ExpectError(ws.CodeInvalidPayload)
		ann.Call("fails", nil).ExpectError(ws.CodeConflict)
		ann.Call("guarded", nil).ExpectError(ws.CodeForbidden)
		ann.Call("nonsense", nil).ExpectError(ws.CodeUnknownEvent)
		ann.SendText("{")
		ann.ExpectError(ws.CodeBadFrame)
		wstest.Collect[int](ann.Stream("count", 3))
		ann.Call("move", fixture.Point{}).OK()
		_, _ = s.Broadcast("whispered", "to all three")

		time.Sleep(time.Minute)
		bob.Close(ws.CloseNormal, "")
		synctest.Wait()
		time.Sleep(time.Hour)
		ann.Vanish()
		synctest.Wait()
		want, err := os.ReadFile("testdata/traffic.txt")
		if got := counts(scrape(t, s.metrics)); err != nil || got != string(want) {
			t.Errorf("%v, got:\n%s\nwant:\n%s", err, got, want)
		}
	})
}

// TestLosses counts what full outboxes lose, and whom that costs the connection.
func TestLosses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(prom.New(prom.Options{}), ws.Options{OutboxFrames: 2})
		deaf := s.dial(t, "/fixture/lobby?name=ann")
		deaf.Deaf()
		for range 5 { // one is being written, one waits
			s.push.All().Cleared()
		}
		synctest.Wait()
		for range 3 {
			_, _ = s.push.Coalesce("here").Overflow(ws.ShedOldest).All().Moved(fixture.Point{})
		}
		_, _ = s.push.Overflow(ws.CloseSlow).All().Moved(fixture.Point{})
		synctest.Wait()
		wants(t, s.metrics,
			`wsgen_pushes_total{event="cleared"} 5`,
			`wsgen_push_outboxes_total{event="cleared"} 2`,
			`wsgen_push_frames_shed_total{event="cleared"} 3`,
			`wsgen_pushes_total{event="moved"} 4`,
			`wsgen_push_outboxes_total{event="moved"} 3`,
			`wsgen_push_frames_shed_total{event="moved"} 2`,
			`wsgen_push_frames_replaced_total{event="moved"} 2`,
			`wsgen_push_slow_connections_total{event="moved"} 1`,
			`wsgen_server_pushes_shed_total 5`,
			`wsgen_server_pushes_replaced_total 2`,
			`wsgen_server_slow_connections_total 1`,
		)
		time.Sleep(time.Minute) // the connection is given up
		wants(t, s.metrics, `wsgen_connections_closed_total{by="server",code="1008",gateway="fixture.Gateway"} 1`)
	})
}

// wants checks that a scrape has these lines.
func wants(t *testing.T, m *prom.Metrics, lines ...string) {
	t.Helper()
	got := scrape(t, m)
	for _, line := range lines {
		if !slices.Contains(got, line) {
			t.Errorf("no %s", line)
		}
	}
	if t.Failed() {
		t.Log(counts(got))
	}
}

// TestNobodyChoosesLabels: 10 000 names that clients or the application make up
// are no labels, and more of them make no more series.
func TestNobodyChoosesLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(prom.New(prom.Options{}), ws.Options{OutboxFrames: ws.Unlimited, OutboxBytes: ws.Unlimited})
		c := s.dial(t, "/fixture/lobby?name=eve")
		client := slices.Collect(s.All().Clients())[0]
		o := s.metrics.Observer()
		made := func(from, to int) {
			for i := from; i < to; i++ {
				name := fmt.Sprint("made up ", i)
				c.Send(name, nil)
				_, _ = s.Broadcast(name, nil)
				refusal := ws.NewError(ws.Code(name), "")
				o.Refused(ws.Refusal{Gateway: "fixture.Gateway", Event: name, Err: refusal})
				o.Refused(ws.Refusal{Gateway: "fixture.Gateway", Status: 1000 + i, Err: refusal})
				o.Shed(ws.Shed{Event: name, Shed: 1})
				o.Handled(client, "whole", time.Second, refusal)
				o.Closed(client, ws.Closed{Code: ws.CloseCode(3000 + i%1000), Remote: true})
			}
			c.Texts()
		}
		made(0, 100)
		before := scrape(t, s.metrics)
		made(100, 10_000)
		after := scrape(t, s.metrics)
		if len(before) != len(after) {
			t.Errorf("%d series, and %d when there are more names", len(before), len(after))
		}
		codes := map[string]bool{}
		for _, line := range after {
			name, _, _ := strings.Cut(line, "} ")
			if strings.Contains(name, `event="made up`) || strings.Contains(name, `status="1`) || strings.Contains(name, `code="3`) {
				t.Errorf("somebody chose %s", line)
			}
			if _, code, has := strings.Cut(name, `code="made up `); has {
				codes[code[:strings.Index(code, `"`)]] = true
			}
		}
		if len(codes) != 32 {
			t.Errorf("the application has %d codes, and not 32", len(codes))
		}
		wants(t, s.metrics,
			`wsgen_refusals_total{code="unknown_event",event="_unknown",gateway="fixture.Gateway"} 10000`,
			`wsgen_handshakes_refused_total{code="_other",gateway="fixture.Gateway",status="other"} 9968`,
			`wsgen_pushes_total{event="_unknown"} 10000`,
			`wsgen_push_frames_shed_total{event="_unknown"} 10000`,
			`wsgen_messages_handled_total{code="_other",event="whole",gateway="fixture.Gateway"} 9968`,
			`wsgen_connections_closed_total{by="peer",code="other",gateway="fixture.Gateway"} 10000`,
		)
	})
}

// TestCodes: a code that would make no good label is none, and close codes and
// statuses are those of the specifications and wsgen's.
func TestCodes(t *testing.T) {
	m := prom.New(prom.Options{})
	o, client := m.Observer(), wstest.NewClient().Client
	for _, code := range []ws.Code{"", ws.Code(strings.Repeat("x", 65)), "\xff", ws.CodeTimeout, "sold_out"} {
		o.Refused(ws.Refusal{Status: http.StatusTeapot, Err: &ws.Error{Code: code}})
	}
	for _, code := range []ws.CloseCode{0, 999, 1000, 1004, 1014, 1016, 4401, 4402, 4403, 4429, 4999} {
		o.Closed(client, ws.Closed{Code: code})
	}
	wants(t, m,
		`wsgen_handshakes_refused_total{code="_other",gateway="",status="418"} 3`,
		`wsgen_handshakes_refused_total{code="timeout",gateway="",status="418"} 1`,
		`wsgen_handshakes_refused_total{code="sold_out",gateway="",status="418"} 1`,
		`wsgen_connections_closed_total{by="server",code="1000",gateway=""} 1`,
		`wsgen_connections_closed_total{by="server",code="1014",gateway=""} 1`,
		`wsgen_connections_closed_total{by="server",code="4401",gateway=""} 1`,
		`wsgen_connections_closed_total{by="server",code="4403",gateway=""} 1`,
		`wsgen_connections_closed_total{by="server",code="4429",gateway=""} 1`,
		`wsgen_connections_closed_total{by="server",code="other",gateway=""} 6`,
	)
}

// TestEvents: an event that the options name is a label, declared or not.
func TestEvents(t *testing.T) {
	s := serve(prom.New(prom.Options{Events: []string{"whispered"}}), ws.Options{})
	_, _ = s.Broadcast("whispered", nil)
	_, _ = s.Broadcast("shouted", nil)
	s.push.All().Cleared()
	s.metrics.Observer().Refused(ws.Refusal{Event: "whispered", Err: ws.NewError(ws.CodeUnknownEvent, "")})
	wants(t, s.metrics,
		`wsgen_pushes_total{event="whispered"} 1`,
		`wsgen_pushes_total{event="_unknown"} 1`,
		`wsgen_pushes_total{event="cleared"} 1`,
		`wsgen_refusals_total{code="unknown_event",event="whispered",gateway=""} 1`,
	)
}

// TestWatch: what Servers count is added up, one that is watched twice counts once,
// and nobody is told a zero when none is watched.
func TestWatch(t *testing.T) {
	m := prom.New(prom.Options{})
	if lines := scrape(t, m); len(lines) != 0 {
		t.Errorf("it has counted %q", lines)
	}
	one, two := ws.NewServer(ws.Options{MaxConnections: 3, OutboxTotalBytes: 1 << 20}), ws.NewServer(ws.Options{MaxConnections: 4, OutboxTotalBytes: ws.Unlimited})
	for range 2 {
		m.Watch(one, nil, two)
	}
	for _, on := range []*ws.Server{one, one, two} {
		wstest.NewClient(wstest.On(on))
	}
	wants(t, m,
		`wsgen_server_connections 3`,
		`wsgen_server_max_connections 7`,
		`wsgen_server_outbox_max_bytes +Inf`,
		`wsgen_server_draining 0`,
	)
	if err := one.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	wants(t, m, `wsgen_server_draining 1`)
}

// TestTogether: many goroutines that see a name first, while others scrape, count
// all that they are told, once.
func TestTogether(t *testing.T) {
	const goroutines, events, times = 8, 20, 50
	m := prom.New(prom.Options{})
	o, client := m.Observer(), wstest.NewClient().Client
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := range events * times {
				event := fmt.Sprint("e", i%events)
				o.Handled(client, event, time.Millisecond, nil)
				o.Sent(ws.Sent{Event: event, Declared: true})
				o.Handled(client, "failing", time.Millisecond, ws.NewError(ws.Code(event), ""))
			}
		})
	}
	all.Go(func() {
		for range 20 {
			scrape(t, m)
			m.Watch(ws.NewServer(ws.Options{}))
		}
	})
	all.Wait()
	for i := range events {
		event := fmt.Sprint("e", i)
		wants(t, m,
			fmt.Sprintf(`wsgen_messages_handled_total{code="ok",event=%q,gateway=""} %d`, event, goroutines*times),
			fmt.Sprintf(`wsgen_messages_handled_total{code=%q,event="failing",gateway=""} %d`, event, goroutines*times),
			fmt.Sprintf(`wsgen_message_duration_seconds_count{event=%q,gateway=""} %d`, event, goroutines*times),
			fmt.Sprintf(`wsgen_pushes_total{event=%q} %d`, event, goroutines*times),
		)
	}
}
