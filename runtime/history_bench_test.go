package ws

import (
	"fmt"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/history"
)

// BenchmarkPushKept pushes to a room of a thousand connections: plainly, and kept, of
// which all or none follow. The time is that of one push to one connection.
func BenchmarkPushKept(b *testing.B) {
	const conns = 1000
	text := frame.Text(typedMessage)
	for _, c := range []struct {
		name      string
		kept      bool
		followers int
	}{{"plain", false, 0}, {"kept, nobody follows", true, 0}, {"kept, all follow", true, conns}} {
		b.Run(c.name, func(b *testing.B) {
			s, take := crowd(b, conns, Options{})
			defer s.history.tails.Close()
			p := NewKeptPush(s, Log{Name: "bench", Size: 100, TTL: time.Hour}, func(t Target) Target { return t })
			i := 0
			for client := range s.All().Clients() {
				join := func() error { return client.Join("room") }
				if i++; i <= c.followers {
					join = func() error { return p.Follow(client, "room") }
				}
				if err := join(); err != nil {
					b.Fatal(err)
				}
			}
			take()
			to := p.In("room")
			to.kept = c.kept
			b.ReportAllocs()
			for b.Loop() {
				if n, err := to.push("e", text); n != conns || err != nil {
					b.Fatal(n, err)
				}
				take()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/conns, "ns/receiver")
		})
	}
}

// BenchmarkFollow has followers come back to a hundred missed messages, and takes
// them. The time is that of one follower.
func BenchmarkFollow(b *testing.B) {
	for _, missed := range []int{0, 10, 100} {
		b.Run(fmt.Sprint(missed), func(b *testing.B) {
			const conns = 100
			s, take := crowd(b, conns, Options{})
			defer s.history.tails.Close()
			p := NewKeptPush(s, Log{Name: "bench", Size: 100, TTL: time.Hour}, func(t Target) Target { return t.Kept() })
			var r Reached
			for range missed {
				_, _ = p.Across(b.Context(), &r).In("room").push("e", frame.Text(typedMessage))
			}
			claims := func() map[string]string {
				return map[string]string{history.Key{Log: p.keeps.log, Name: "room"}.ID(): r.At.Epoch + ".0"}
			}
			var clients []*conn
			for client := range s.All().Clients() {
				clients = append(clients, client.owner().(*conn))
			}
			end := s.history.tails.Stats()
			b.ReportAllocs()
			for b.Loop() {
				for _, c := range clients {
					if missed > 0 {
						c.claimAll(claims())
					}
					if err := p.Follow(&c.Client, "room"); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				take()
				for _, c := range clients {
					c.Leave("room")
				}
				b.StartTimer()
			}
			b.StopTimer()
			if n := s.history.tails.Stats(); missed > 0 && (n.Recovered == end.Recovered || n.Unrecovered > 0 || n.CatchUps > 0) {
				b.Errorf("%+v", n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/conns, "ns/follower")
		})
	}
}
