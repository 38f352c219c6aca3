//go:build unix

package proxies

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/behind/feed"
	"github.com/wsgen/wsgen/examples/behind/site"
	ws "github.com/wsgen/wsgen/runtime"
)

// backend is what stands behind all proxies: the gateway with the page's options at
// /feed, and one that pings much more often at /lively/feed.
type backend struct {
	addr string
	push ws.Push[feed.Events]

	mu      sync.Mutex
	arrived map[string]*http.Request // the last by its token; guarded by mu
}

// often is how often connections at /lively/feed are pinged.
const often = 400 * time.Millisecond

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{arrived: map[string]*http.Request{}}
	gateways, push := feed.New(ws.NewServer(site.Options()))
	b.push = push
	options := site.Options()
	options.PingInterval = often
	lively, _ := feed.New(ws.NewServer(options))
	mux := http.NewServeMux()
	mux.Handle("/lively/", http.StripPrefix("/lively", lively))
	mux.Handle("/", gateways)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.note(r)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.addr = server.Listener.Addr().String()
	return b
}

func (b *backend) note(r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, token, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), ",")
	b.arrived[strings.TrimSpace(token)] = r
}

// request returns the request that came with a token.
func (b *backend) request(t *testing.T, token string) *http.Request {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.arrived[token] == nil {
		t.Fatalf("no request with the token %s has arrived", token)
	}
	return b.arrived[token]
}
