package natstest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

// TestSilentChannels: where one channel is so busy that nothing of the log is older than
// a moment, it is certain all the same that nothing is missing in silent ones: in one in
// which nothing was ever kept, and in one whose only message ages out.
func TestSilentChannels(t *testing.T) {
	const age = 4 * time.Second
	servers := natstest.Cluster(t, 3)
	small := broker.Log{Name: chat.Name, Size: 5, TTL: chat.TTL}
	writer := up(t, servers[0].Broker())
	writer.declare()
	check(t, writer.keeper().Declare(writer.within(), []broker.Log{small}))
	short := config(t, servers[0])
	short.MaxAge, short.Duplicates = age, time.Second
	_, err := manager(t, servers[0]).UpdateStream(t.Context(), short)
	check(t, err)
	busy, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		for i := 0; busy.Err() == nil; i++ {
			out := broker.Outgoing{Channel: "r.busy", Data: fmt.Append(nil, i)}
			_ = writer.keeper().Keep(busy, []broker.Kept{{Outgoing: out, Log: small}})
		}
	})
	defer work.Wait()
	defer stop()

	node := up(t, servers[1].Broker()) // which does not know of other bounds
	var s *silence
	for try, limit := 0, time.Now().Add(4*patience); s == nil || !s.lasts(2*age); try++ {
		if time.Now().After(limit) {
			t.Fatal("the machine gives this test no time: it could not look at silent channels often enough")
		}
		once := fmt.Sprint("r.once", try)
		writer.keep(once, "once")
		s = &silence{ear: node, log: small, age: age, channels: []string{once, fmt.Sprint("r.never", try)}}
	}
	stop()
	for i, channel := range s.channels {
		o := writer.try(channel, "behind")
		if o.Err != nil || o.At.Epoch != s.at[i].Epoch || o.At.Offset <= s.at[i].Offset {
			t.Fatalf("a message is kept at %+v, and nothing was said to be up to %+v", o, s.at[i])
		}
		page, err := node.keeper().Read(node.within(), small, channel, s.at[i], 10)
		if err != nil || !page.Complete || len(page.Entries) != 1 || page.Entries[0].At != o.At {
			t.Errorf("Read behind %+v: %+v, %v", s.at[i], page, err)
		}
	}
}

// silence is how far nothing was kept in channels, as a node knows it.
type silence struct {
	*ear
	log      broker.Log
	age      time.Duration // for which the stream keeps messages
	channels []string
	at       []broker.Position
	looked   time.Time
}

// lasts asks for the ends of the channels now and then, and reads on to them, as package
// history does, for so long. It returns false if the machine has let it wait for longer
// than it may be between two looks.
func (s *silence) lasts(long time.Duration) bool {
	s.t.Helper()
	tick := time.NewTicker(s.age / 8)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < long; <-tick.C {
		if ok := s.look(); !ok || time.Since(s.looked) > s.age/4 {
			return false
		}
		s.looked = time.Now()
	}
	return true
}

// look asks once. It returns false if something may be missing, and too much time has gone
// since it was asked before.
func (s *silence) look() bool {
	s.t.Helper()
	ends, err := s.keeper().Ends(s.within(), s.log, s.channels)
	if err != nil {
		s.t.Fatalf("Ends: %v", err)
	}
	if s.at == nil {
		s.at, s.looked = ends, time.Now()
	}
	for i, end := range ends {
		if end.Offset <= s.at[i].Offset {
			continue
		}
		page, err := s.keeper().Read(s.within(), s.log, s.channels[i], s.at[i], 10)
		if err != nil {
			s.t.Fatalf("Read: %v", err)
		}
		if !page.Complete && time.Since(s.looked) > s.age/4 {
			return false
		}
		if !page.Complete || len(page.Entries) > 0 || page.Epoch != s.at[i].Epoch {
			s.t.Fatalf("Read of %s behind %+v, which ends at %+v: %+v", s.channels[i], s.at[i], end, page)
		}
		s.at[i].Offset = page.Top
	}
	return true
}
