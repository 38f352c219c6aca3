package brokertest_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// reading is a flaw of what Read returns.
func reading(f func(page *broker.Page, after broker.Position)) flaw {
	return flaw{read: func(k broker.Keeper, ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error) {
		page, err := k.Read(ctx, log, channel, after, limit)
		f(&page, after)
		return page, err
	}}
}

// keeping is a flaw of what is kept.
func keeping(f func(batch []broker.Kept)) flaw {
	return flaw{keep: func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
		batch = append([]broker.Kept(nil), batch...)
		f(batch)
		return k.Keep(ctx, batch)
	}}
}

// outcomes is a flaw of what became of it.
func outcomes(f func(o *broker.Outcome)) flaw {
	return flaw{keep: func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
		out := k.Keep(ctx, batch)
		for i := range out {
			f(&out[i])
		}
		return out
	}}
}

// counting has offsets go on behind what is left when an engine has lost its newest
// messages, as a counter would have them: 20 of r.a, behind the 30th.
func counting() flaw {
	lower := func(channel string, at *broker.Position) {
		if channel == "r.a" && at.Offset > 30 {
			at.Offset -= 20
		}
	}
	f := delivering(func(to broker.Receiver, d broker.Delivery) {
		lower(d.Channel, &d.At)
		to.Deliver(d)
	})
	f.keep = func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
		out := k.Keep(ctx, batch)
		for i := range out {
			lower(batch[i].Channel, &out[i].At)
		}
		return out
	}
	return f
}

// keeperFlaws are Keepers that break a promise.
func keeperFlaws() map[string]map[string]flaw {
	return map[string]map[string]flaw{
		"KeepReaches": {
			"without positions": delivering(func(to broker.Receiver, d broker.Delivery) {
				d.At, d.Prev = broker.Position{}, 0
				to.Deliver(d)
			}),
			"other positions": outcomes(func(o *broker.Outcome) { o.At.Offset++ }),
		},
		"KeepOrder": {
			"no Prev": delivering(func(to broker.Receiver, d broker.Delivery) { d.Prev = 0; to.Deliver(d) }),
			"batches backwards": {keep: func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
				out := make([]broker.Outcome, len(batch))
				for i := range batch {
					at := len(batch) - 1 - i
					out[at] = k.Keep(ctx, batch[at:at+1])[0]
				}
				return out
			}},
		},
		"KeepKeys": {
			"no keys": keeping(func(batch []broker.Kept) {
				for i := range batch {
					batch[i].Key = ""
				}
			}),
			"short keys": keeping(func(batch []broker.Kept) {
				for i, k := range batch {
					batch[i].Key = k.Key[:min(len(k.Key), 10)]
				}
			}),
			"duplicates are not told": outcomes(func(o *broker.Outcome) { o.Duplicate = false }),
		},
		"KeepRead": {
			"complete is never said": reading(func(page *broker.Page, _ broker.Position) { page.Complete = false }),
			"the epoch is not looked at": {read: func(k broker.Keeper, ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error) {
				page, err := k.Read(ctx, log, channel, after, limit)
				if err == nil && after.Epoch != page.Epoch {
					page.Complete = true
				}
				return page, err
			}},
			"an entry is left out": reading(func(page *broker.Page, _ broker.Position) {
				if n := len(page.Entries); n > 3 {
					page.Entries = append(page.Entries[:1], page.Entries[2:]...)
				}
			}),
			"the limit is not looked at": {read: func(k broker.Keeper, ctx context.Context, log broker.Log, channel string, after broker.Position, _ int) (broker.Page, error) {
				return k.Read(ctx, log, channel, after, 1000)
			}},
		},
		"KeepReadWhereHeard": {"heard before it is stored": {keep: earlier()}},
		"KeepTrims":          {"always complete": reading(func(page *broker.Page, _ broker.Position) { page.Complete = true })},
		"KeepExpires": {"always complete": reading(func(page *broker.Page, after broker.Position) {
			page.Complete = page.Epoch == after.Epoch
		})},
		"KeepEnds": {"one too far": {end: func(at broker.Position) broker.Position { at.Offset++; return at }}},
		"KeepSilent": {
			"places that others do not find": places(),
			"nothing up to where something comes": reading(func(page *broker.Page, _ broker.Position) {
				if page.Complete && len(page.Entries) == 0 {
					page.Top += 1000
				}
			}),
		},
		"KeepModel": {"always complete": reading(func(page *broker.Page, _ broker.Position) { page.Complete = true })},
		"KeepLogs": {"one for all": keeping(func(batch []broker.Kept) {
			for i := range batch {
				batch[i].Log.Name = "one"
			}
		})},
		"KeepSizes": {"large ones are cut": keeping(func(batch []broker.Kept) {
			for i, k := range batch {
				batch[i].Data = k.Data[:min(len(k.Data), 1<<20)]
			}
		})},
		"KeepEndedContext": {"does not look": {keep: func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
			return k.Keep(context.WithoutCancel(ctx), batch)
		}}},
		"KeepCut": {"keeps it later": {keep: later()}},
		"KeepKeysAtOnce": {"no keys": keeping(func(batch []broker.Kept) {
			for i := range batch {
				batch[i].Key = ""
			}
		})},
		"KeepDeclare": {"always complete": reading(func(page *broker.Page, _ broker.Position) { page.Complete = true })},
		"KeepRestart": {"finds nothing": reading(func(page *broker.Page, _ broker.Position) { page.Complete, page.Entries = true, nil })},
		"KeepCloseWhileCalled": {"denies what it keeps": outcomes(func(o *broker.Outcome) {
			*o = broker.Outcome{Err: broker.ErrUnavailable}
		})},
		"KeepEmpty": {"one epoch for ever": sameEpoch()},
		"KeepSave":  {"counts": counting()},
		"KeepClose": {"other errors": outcomes(func(o *broker.Outcome) {
			if o.Err != nil {
				o.Err = broker.ErrUnavailable
			}
		})},
	}
}

// places has silent channels end at another place each time, and Read know of none.
func places() flaw {
	var n atomic.Uint64
	return flaw{end: func(at broker.Position) broker.Position {
		if at.Offset == 0 {
			at.Offset = n.Add(1)
		}
		return at
	}}
}

// later keeps what could not be kept, when something can be.
func later() func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
	var mu sync.Mutex
	var refused []broker.Kept
	return func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
		mu.Lock()
		defer mu.Unlock()
		out := k.Keep(ctx, batch)
		if out[0].Err != nil {
			refused = append(refused, batch...)
			return out
		}
		_ = k.Keep(ctx, refused)
		refused = nil
		return out
	}
}

// earlier publishes a message before it is stored: who hears it finds nothing.
func earlier() func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
	return func(k broker.Keeper, ctx context.Context, batch []broker.Kept) []broker.Outcome {
		all := append([]broker.Kept(nil), batch...)
		for i := range all {
			all[i].Log.Size, all[i].Log.TTL = 1, time.Nanosecond
		}
		return k.Keep(ctx, all)
	}
}

// sameEpoch has positions of all times look alike.
func sameEpoch() flaw {
	const epoch = "always"
	f := outcomes(func(o *broker.Outcome) {
		if o.Err == nil {
			o.At.Epoch = epoch
		}
	})
	f.read = func(k broker.Keeper, ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error) {
		page, err := k.Read(ctx, log, channel, after, limit)
		if err == nil { // what it is called now
			after.Epoch = page.Epoch
			page, err = k.Read(ctx, log, channel, after, limit)
		}
		page.Epoch = epoch
		for i := range page.Entries {
			page.Entries[i].At.Epoch = epoch
		}
		return page, err
	}
	f.end = func(at broker.Position) broker.Position { at.Epoch = epoch; return at }
	f.receiver = func(r broker.Receiver) broker.Receiver {
		return &hearing{Receiver: r, deliver: func(to broker.Receiver, d broker.Delivery) {
			if d.At.Offset > 0 {
				d.At.Epoch = epoch
			}
			to.Deliver(d)
		}}
	}
	return f
}
