package site_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/behind/feed"
	"github.com/wsgen/wsgen/examples/behind/internal/visitor"
	"github.com/wsgen/wsgen/examples/behind/site"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func TestMain(m *testing.M) { wstest.Main(m) }

func TestCaller(t *testing.T) {
	for lines, want := range map[string]string{
		"":                                  "invalid IP",
		"nonsense":                          "invalid IP",
		"203.0.113.7,":                      "invalid IP",
		"203.0.113.7":                       "203.0.113.7",
		"198.51.100.9, 203.0.113.7":         "203.0.113.7",
		"198.51.100.9,203.0.113.7 ":         "203.0.113.7",
		"198.51.100.9\n203.0.113.7":         "203.0.113.7", // as HAProxy does
		"a, 198.51.100.9\nb, 2001:db8:0::7": "2001:db8::7",
	} {
		r := httptest.NewRequest(http.MethodGet, "/feed", nil)
		for line := range strings.SplitSeq(lines, "\n") {
			r.Header.Add("X-Forwarded-For", line)
		}
		if got := site.Caller(r); got.String() != want {
			t.Errorf("%q: %s, want %s", lines, got, want)
		}
	}
}

func TestProblems(t *testing.T) {
	options := site.Options()
	if err := options.Problems(); err != nil {
		t.Error(err)
	}
}

// TestShutdownInTime checks that a shutdown takes no longer than it may, whatever
// clients and handlers do, and that the readiness probe hears of it first.
func TestShutdownInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := site.Options()
		never := func(ws.Next) ws.Next {
			return func(ctx context.Context, _ ws.Message) error {
				<-ctx.Done()
				return ctx.Err()
			}
		}
		options.Interceptors = []ws.Interceptor{never}
		options.MaxConnectionsPerAddr = 0
		gateways, push := feed.New(ws.NewServer(options))
		dial := func() *wstest.Conn {
			return wstest.Dial(t, gateways, wstest.Path("/feed"), wstest.Token("ann"), wstest.Patience(time.Hour))
		}
		for range 100 {
			dial()
		}
		busy, deaf := dial(), dial()
		call := busy.Begin("tell", "hello")
		deaf.Deaf()
		_, _ = push.All().Told("nobody takes this")
		synctest.Wait()

		begun := time.Now()
		within, cancel := context.WithTimeout(t.Context(), site.ShutdownWithin)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- gateways.Shutdown(within) }()
		synctest.Wait()
		w := httptest.NewRecorder()
		if gateways.Readyz(w, nil); w.Code != http.StatusServiceUnavailable {
			t.Errorf("the probe is answered %d", w.Code)
		}
		dial() // as long as the load balancer does not know
		if err := <-ended; err != nil {
			t.Error(err)
		}
		took := time.Since(begun)
		if least := options.ShutdownDelay + options.DrainTimeout; took < least || took >= site.ShutdownWithin {
			t.Errorf("took %v, want %v to %v", took, least, site.ShutdownWithin)
		}
		call.Reply().ExpectError(ws.CodeUnavailable)
	})
}

// TestServe checks that the program serves, and ends when it shall.
func TestServe(t *testing.T) {
	server := httptest.NewUnstartedServer(nil) // has a free port
	addr := server.Listener.Addr().String()
	_ = server.Listener.Close()
	t.Setenv("ADDR", addr)
	gateways, _ := feed.New(ws.NewServer(ws.Options{ClientAddr: func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.1") }}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- site.Serve(ctx, gateways, gateways) }()
	visit := visitor.Visit{URL: "ws://" + addr + "/feed", Token: "ann"}
	visitor.Eventually(t, "the program serves", func() bool {
		c, _, err := visitor.Try(visit)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	c := visitor.Dial(t, visit)
	c.Call(t, "where", "null", `"192.0.2.1"`)
	cancel()
	if code := c.Code(t); int(code) != int(ws.CloseAway) {
		t.Errorf("closed with %d", code)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	t.Setenv("ADDR", "127.0.0.1:none")
	if err := site.Serve(t.Context(), gateways, gateways); err == nil {
		t.Error("no error for an address that is none")
	}
}
