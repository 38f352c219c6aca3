package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/demo"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/scrape"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func TestMain(m *testing.M) { wstest.Main(m) }

// site is a server with a real gateway, which is scraped. Its clock is fake.
type site struct {
	*ws.Server
	t       *testing.T
	push    ws.Push[demo.Events]
	notes   ws.Push[demo.Notes]
	trouble demo.Trouble
	router  http.Handler
	people  []*wstest.Conn
	readers []*reader
	noted   int // how many notes were pushed
	random  *rand.Rand

	*cluster // nil: the server is alone

	metrics http.Handler
	besides http.Handler // of a server that is scraped, too; nil: there is none
	scrapes scrape.Store
	every   time.Duration // how often it is scraped
	begun   time.Time
	last    time.Time // it was scraped
}

// record lets a site live in fake time, and returns its scrapes.
func record(t *testing.T, o ws.Options, every time.Duration, live func(s *site)) (*scrape.Store, scrape.Range) {
	t.Helper()
	s := &site{every: every}
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		metrics := prom.New(prom.Options{})
		o.Logger, o.Observer = slog.New(slog.DiscardHandler), metrics.Observer()
		if o.Cluster.Name != "" {
			s.join(o)
		} else {
			s.Server = ws.NewServer(o)
		}
		s.metrics = exported(metrics, s.Server)
		s.push, s.notes = demo.NewEventsPush(s.Server), demo.NewNotesPush(s.Server)
		chat := &demo.Chat{Push: s.push, Notes: s.notes, Here: demo.NewNotesPresence(s.Server), Trouble: &s.trouble}
		s.router = ws.NewRouter(demo.NewChatEndpoint(s.Server, chat, &demo.Door{}).Endpoint)

		s.begun = time.Now()
		s.scrape()
		live(s)
		s.pass(2 * every)
		// Some do not read, and would be waited for.
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		_ = s.Shutdown(ctx)
	})
	return &s.scrapes, scrape.Range{From: s.begun, To: s.last, Step: every}
}

// exported returns what shows Prometheus the metrics of a server.
func exported(metrics *prom.Metrics, server *ws.Server) http.Handler {
	metrics.Watch(server)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// pass lets time pass, and has the site scraped meanwhile.
func (s *site) pass(d time.Duration) {
	for until := time.Now().Add(d); ; {
		next := s.last.Add(s.every)
		if next.After(until) {
			time.Sleep(time.Until(until))
			return
		}
		time.Sleep(time.Until(next))
		s.scrape()
	}
}

func (s *site) scrape() {
	synctest.Wait()
	s.last = time.Now()
	s.scrapeOf(s.metrics, "chat", "chat-1:8080")
	if s.besides != nil {
		s.scrapeOf(s.besides, "desk", "desk-1:8080")
	}
	if s.cluster != nil && !s.died {
		s.scrapeOf(s.farMetrics, "chat", farInstance)
	}
}

func (s *site) scrapeOf(h http.Handler, job, instance string) {
	if err := s.scrapes.Scrape(h, s.last, job, instance); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) dial(name string, opts ...wstest.DialOption) *wstest.Conn {
	s.t.Helper()
	return wstest.Dial(s.t, s.router, append(opts, wstest.Path("/chat?room=lobby&name="+name))...)
}

// come lets n people come, and stay.
func (s *site) come(n int) {
	for range n {
		s.people = append(s.people, s.dial(fmt.Sprint("p", len(s.people))))
	}
}

// refused is a handshake that is refused.
func (s *site) refused(status int, name string) {
	s.t.Helper()
	wstest.ExpectRefused(s.t, s.router, status, wstest.Path("/chat?name="+name))
}

// chat lets everybody say a line and search for something, once in each step, until
// d has passed.
func (s *site) chat(d, step time.Duration, besides func()) {
	for until := time.Now().Add(d); time.Now().Before(until); {
		for _, c := range s.people {
			c.Send("say", "hello")
			c.Send("search", "cats")
		}
		if besides != nil {
			besides()
		}
		s.pass(step)
		s.forget()
	}
}

// forget takes what people were sent, so that no memory is spent on it.
func (s *site) forget() {
	for _, c := range s.people {
		c.Texts()
	}
	for _, r := range s.readers {
		if r.back.IsZero() {
			r.hear()
		}
	}
}

// long is a line that fills an outbox.
func long() demo.Line { return demo.Line{Text: strings.Repeat("long ", 400)} }
