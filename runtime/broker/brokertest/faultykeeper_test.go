package brokertest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

// keepers are a Keeper with faults, and one without that has the same engine.
type keepers struct {
	*testing.T
	faulty       *brokertest.FaultyBroker
	flawed, sure broker.Keeper
	hears        *ear
	log          broker.Log
	start        broker.Position
}

func newKeepers(t *testing.T, f brokertest.Faults) *keepers {
	b := memory.New()
	k := &keepers{
		T: t, faulty: brokertest.Faulty(b, f), hears: newEar(),
		log: broker.Log{Name: "chat", Size: 10_000, TTL: 100 * time.Hour},
	}
	flawed, _ := k.faulty.Open("main", k.hears)
	sure, _ := b.Open("main", newEar())
	k.flawed, k.sure = flawed.(broker.Keeper), sure.(broker.Keeper)
	t.Cleanup(func() {
		_ = flawed.Close(context.Background())
		_ = sure.Close(context.Background())
	})
	synctest.Wait()
	_ = flawed.Subscribe(t.Context(), []string{"r.a"})
	ends, _ := k.sure.Ends(t.Context(), k.log, []string{"r.a"})
	k.start = ends[0]
	return k
}

// keep keeps so many messages by a Keeper.
func (k *keepers) keep(ctx context.Context, by broker.Keeper, count int) []broker.Outcome {
	batch := make([]broker.Kept, count)
	for i := range batch {
		batch[i] = broker.Kept{Outgoing: broker.Outgoing{Channel: "r.a", Data: fmt.Append(nil, i)}, Log: k.log}
	}
	return by.Keep(ctx, batch)
}

// all returns what is kept.
func (k *keepers) all() []broker.Delivery {
	k.Helper()
	page, err := k.sure.Read(k.Context(), k.log, "r.a", k.start, 10_000)
	if err != nil || !page.Complete {
		k.Fatalf("%+v, %v", page, err)
	}
	return page.Entries
}

// TestFaultyKeeper: the share of outcomes that nobody learns is as it was said, half of
// these messages are kept, and each outcome that is told is true.
func TestFaultyKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeepers(t, brokertest.Faults{Seed: 1, Unsure: 0.4})
		const count = 1000
		out := k.keep(t.Context(), k.flawed, count)
		at := map[string]broker.Position{}
		for _, d := range k.all() {
			at[string(d.Data)] = d.At
		}
		unsure, kept := 0, 0
		for i, o := range out {
			is, there := at[fmt.Sprint(i)]
			switch {
			case errors.Is(o.Err, broker.ErrUnsure):
				unsure++
				if there {
					kept++
				}
			case o.Err != nil || o.At != is:
				t.Errorf("message %d is at %+v, and its outcome is %+v", i, is, o)
			}
		}
		if unsure < count*3/10 || unsure > count*5/10 || kept < unsure*4/10 || kept > unsure*6/10 {
			t.Errorf("of %d messages %d are unsure, of which %d are kept", count, unsure, kept)
		}
		synctest.Wait()
		if n := len(k.hears.heard["r.a"]); n != len(at) {
			t.Errorf("%d messages were heard, and %d are kept", n, len(at))
		}
		if n := k.faulty.Counts().Unsure; n != unsure {
			t.Errorf("%d are counted, and %d were unsure", n, unsure)
		}
	})
	t.Run("reads", testFaultyReads)
	t.Run("broken", testFaultyBroken)
}

// testFaultyReads: calls fail as often as was said, and what lags is right, as far as it
// goes.
func testFaultyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeepers(t, brokertest.Faults{Seed: 2, Unread: 0.5})
		failed := 0
		for range 200 {
			if _, err := k.flawed.Ends(t.Context(), k.log, []string{"r.a"}); errors.Is(err, broker.ErrUnavailable) {
				failed++
			} else if err != nil {
				t.Error(err)
			}
		}
		if failed < 70 || failed > 130 || k.faulty.Counts().Unread != failed {
			t.Errorf("%d of 200 calls have failed, and %d are counted", failed, k.faulty.Counts().Unread)
		}
		k.faulty.Set(brokertest.Faults{Stale: 1})
		before, _ := k.flawed.Ends(t.Context(), k.log, []string{"r.a"})
		k.keep(t.Context(), k.sure, 20)
		all, lengths := k.all(), map[int]bool{}
		for range 100 {
			page, err := k.flawed.Read(t.Context(), k.log, "r.a", k.start, 10)
			if err != nil || !page.Complete {
				t.Fatalf("%+v, %v", page, err)
			}
			top := k.start.Offset
			for i, d := range page.Entries {
				if d.At != all[i].At {
					t.Fatalf("entry %d is at %+v; want %+v", i, d.At, all[i].At)
				}
				top = d.At.Offset
			}
			if page.Top != top {
				t.Fatalf("the top is %d; want %d", page.Top, top)
			}
			lengths[len(page.Entries)] = true
		}
		if len(lengths) < 5 || !lengths[0] {
			t.Errorf("what lags has %v entries", lengths)
		}
		if ends, _ := k.flawed.Ends(t.Context(), k.log, []string{"r.a"}); ends[0] != before[0] {
			t.Errorf("what lags ends at %+v; want %+v", ends[0], before[0])
		}
		k.faulty.Set(brokertest.Faults{})
		if ends, _ := k.flawed.Ends(t.Context(), k.log, []string{"r.a"}); ends[0] != all[19].At {
			t.Errorf("it ends at %+v; want %+v", ends[0], all[19].At)
		}
	})
}

// testFaultyBroken: a Link that hangs says nothing, and one that is cut says so.
func testFaultyBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeepers(t, brokertest.Faults{})
		k.faulty.Hang()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if o := k.keep(ctx, k.flawed, 1)[0]; !errors.Is(o.Err, broker.ErrUnsure) || time.Since(began) != time.Minute {
			t.Errorf("Keep while it hangs: %+v, after %v", o, time.Since(began))
		}
		if _, err := k.flawed.Read(ctx, k.log, "r.a", k.start, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read while it hangs: %v", err)
		}
		k.faulty.Cut()
		if o := k.keep(t.Context(), k.flawed, 1)[0]; !errors.Is(o.Err, broker.ErrUnavailable) {
			t.Errorf("Keep while it is cut: %+v", o)
		}
		if err := k.flawed.Declare(t.Context(), []broker.Log{k.log}); !errors.Is(err, broker.ErrDown) {
			t.Errorf("Declare while it is cut: %v", err)
		}
		if all := k.all(); len(all) > 0 {
			t.Errorf("%d messages are kept", len(all))
		}
		k.faulty.Heal()
		if o := k.keep(t.Context(), k.flawed, 1)[0]; o.Err != nil {
			t.Errorf("Keep when all is well: %+v", o)
		}
	})
}
