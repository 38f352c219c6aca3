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
// which nothing was ever kept, and in one whose only message ages out. A node asks for
// their ends now and then, and reads on to them, as package history does.
func TestSilentChannels(t *testing.T) {
	const age, every, times = 4 * time.Second, 500 * time.Millisecond, 20
	servers := natstest.Cluster(t, 3)
	small := broker.Log{Name: chat.Name, Size: 5, TTL: chat.TTL}
	writer := up(t, servers[0].Broker())
	for limit := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		err := writer.keeper().Declare(writer.within(), []broker.Log{small})
		if err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("Declare: %v", err)
		}
	}
	short := config(t, servers[0])
	short.MaxAge, short.Duplicates = age, time.Second
	_, err := manager(t, servers[0]).UpdateStream(t.Context(), short)
	check(t, err)
	writer.keep("r.once", "once")
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
	channels := []string{"r.once", "r.never"}
	var at []broker.Position
	for round := range times {
		ends, err := node.keeper().Ends(node.within(), small, channels)
		if err != nil {
			t.Fatalf("Ends: %v", err)
		}
		if round == 0 {
			at = ends
		}
		for i, end := range ends {
			if end.Offset <= at[i].Offset {
				continue
			}
			page, err := node.keeper().Read(node.within(), small, channels[i], at[i], 10)
			if err != nil || !page.Complete || len(page.Entries) > 0 || page.Epoch != at[i].Epoch {
				t.Fatalf("round %d: Read of %s behind %+v, which ends at %+v: %+v, %v", round, channels[i], at[i], end, page, err)
			}
			at[i].Offset = page.Top
		}
		<-time.After(every)
	}
	stop()
	for i, channel := range channels {
		o := writer.try(channel, "behind")
		if o.Err != nil || o.At.Epoch != at[i].Epoch || o.At.Offset <= at[i].Offset {
			t.Fatalf("a message is kept at %+v, and nothing was said to be up to %+v", o, at[i])
		}
		page, err := node.keeper().Read(node.within(), small, channel, at[i], 10)
		if err != nil || !page.Complete || len(page.Entries) != 1 || page.Entries[0].At != o.At {
			t.Errorf("Read behind %+v: %+v, %v", at[i], page, err)
		}
	}
}
