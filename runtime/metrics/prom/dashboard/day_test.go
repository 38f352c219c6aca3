package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/scrape"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// halfAnHour is a site with all that a dashboard shows: people come, go and
// vanish, some do not read, searches are slow and then fail, and the engine forgets.
func halfAnHour(t *testing.T) (*scrape.Store, scrape.Range) {
	t.Helper()
	options := ws.Options{
		MaxConnections: 100, OutboxTotalBytes: 1 << 20, OutboxFrames: 64, ConnRate: ws.Rate{PerSecond: 2, Burst: 10},
		Cluster: inCluster,
	}
	options.Cluster.QueueMessages = 200
	return record(t, options, 15*time.Second, func(s *site) {
		s.random = rand.New(rand.NewPCG(1, 2))
		fate := rand.New(rand.NewPCG(3, 4))
		atDesk, deskEnds := s.desk()
		defer deskEnds()
		s.read(16)
		s.readFar()
		price := 1000.0
		for second := range 30 * 60 {
			s.second(second)
			s.readersSecond(second, fate)
			atDesk(second)
			s.clusterTroubles(second, second/60)
			if second%2 == 0 {
				price *= 1 + (s.random.Float64()-.5)/50
				for range 1 + 3*s.random.IntN(2) {
					s.push.Coalesce("price").All().Price(int(price))
				}
			}
			s.pass(time.Second)
			if second%30 == 0 {
				s.forget()
			}
		}
		ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
		defer stop()
		over := make(chan error)
		go func() { over <- s.Shutdown(ctx) }()
		s.pass(30 * time.Second)
		<-over
		_, _ = s.Broadcast("late", 1)
		s.pass(30 * time.Second)
	})
}

// second is what happens within a second.
func (s *site) second(n int) {
	minute := n / 60
	want := 20 + int(25*math.Sin(float64(n)/700)) + minute/2
	switch {
	case len(s.people) < want && minute != 18:
		s.come(1 + s.random.IntN(2))
	case len(s.people) > want || s.chance(.05):
		s.leave(func(c *wstest.Conn) { c.Close(ws.CloseAway, "") })
	case s.chance(.02):
		s.leave((*wstest.Conn).Vanish)
	}
	for _, c := range s.people {
		switch {
		case s.chance(.15 + .1*math.Sin(float64(n)/200)):
			c.Send("say", "hello")
		case s.chance(.08):
			c.Send("search", strings.Repeat("x", s.random.IntN(10)))
		case s.chance(.01):
			c.Begin("watch", 1+s.random.IntN(5))
		case s.chance(.004):
			c.Send("say", "")
		case s.chance(.002):
			c.Send("shout", "a version that nobody has any more")
		}
	}
	s.troubles(n, minute)
}

// troubles come one after the other.
func (s *site) troubles(n, minute int) {
	if s.chance(.1) {
		s.refused(http.StatusUnauthorized, "")
	}
	switch {
	case minute == 8 && n%4 == 0:
		s.refused(http.StatusInternalServerError, "eve")
	case minute == 9 && n%10 == 0:
		s.dial("unlucky")
	case minute == 11 && n%12 == 0: // they answer no Ping
		s.dial("silent", wstest.Manual())
	case minute >= 13 && minute < 15 && n%6 == 0:
		deaf := s.dial("deaf")
		deaf.Call("read", noteRoom).OK()
		deaf.Deaf()
	case minute >= 13 && minute < 16 && n%2 == 0:
		for range 40 {
			s.push.Users("deaf").Said(long())
		}
	case minute == 16 && n%10 == 0:
		slow := s.push.Overflow(ws.CloseSlow)
		s.dial("slow").Deaf()
		for range 70 {
			slow.Users("slow").Said(long())
		}
	case n == 18*60: // a proxy is reloaded
		for range 25 {
			s.leave((*wstest.Conn).Vanish)
		}
	case n == 24*60:
		for range 40 { // beyond the rate, and gone before all are handled
			s.people[0].Send("say", "hello")
		}
		time.Sleep(time.Millisecond)
		s.leave((*wstest.Conn).Vanish)
	}
	s.trouble.Slower(1)
	if minute >= 20 && minute < 24 {
		s.trouble.Slower(6)
	}
	s.trouble.Fail(minute >= 22 && minute < 24)
}

func (s *site) chance(of float64) bool { return s.random.Float64() < of }

// leave lets the person leave who came first.
func (s *site) leave(how func(c *wstest.Conn)) {
	if len(s.people) > 1 {
		how(s.people[0])
		s.people = s.people[1:]
	}
}

// TestScrape: a scrape has each series that the dashboard and the rules name, and
// each query of the dashboard has a value, which is called by its labels and is not
// always 0.
func TestScrape(t *testing.T) {
	scrapes, over := halfAnHour(t)
	for _, r := range board.Rules() {
		parsed, err := scrape.Parse(r.Expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, selector := range scrapes.Missing(parsed) {
			t.Errorf("%s: no series is %s", r.Alert, selector)
		}
	}
	for _, place := range board.Layout() {
		if place.Panel == nil {
			continue
		}
		for _, q := range place.Panel.Queries {
			expr := scrape.Grafana(q.Expr, "1m")
			parsed, err := scrape.Parse(expr)
			if err != nil {
				t.Fatal(err)
			}
			for _, selector := range scrapes.Missing(parsed) {
				t.Errorf("%s: no series is %s", place.Panel.Title, selector)
			}
			lines, err := scrapes.Eval(expr, over)
			if err != nil {
				t.Fatal(err)
			}
			if why := shows(lines, q.Legend); why != "" {
				t.Errorf("%s: %s:\n%s", place.Panel.Title, why, expr)
			}
		}
	}
}

// shows returns why a query shows nothing; "" if it does.
func shows(lines []scrape.Line, legend string) string {
	something := false
	for _, l := range lines {
		if name := scrape.Legend(legend, l.Labels); strings.Contains(name, "{{") {
			return fmt.Sprintf("a line is called %q", name)
		}
		for _, p := range l.Points {
			something = something || p.Value > 0
		}
	}
	if !something {
		return "nothing, or always 0"
	}
	return ""
}
