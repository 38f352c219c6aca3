package brokertest

import (
	"context"
	"errors"
	"sync"

	"github.com/wsgen/wsgen/runtime/broker"
)

// errFault is why a call of a Keeper fails that nothing is wrong with.
var errFault = errors.New("brokertest: the engine does not answer")

// faultyKeeper is a Link with faults whose engine keeps messages. What is heard of
// them has the faults of the Link.
type faultyKeeper struct {
	*faultyLink
	keeper broker.Keeper

	mu   sync.Mutex
	ends map[[2]string]broker.Position // guarded by mu; what Ends has returned last, by log and channel
}

var _ broker.Keeper = (*faultyKeeper)(nil)

// Declare implements broker.Keeper.
func (k *faultyKeeper) Declare(ctx context.Context, logs []broker.Log) error {
	if err := k.begin(ctx); err != nil {
		return err
	}
	return k.keeper.Declare(ctx, logs)
}

// Keep implements broker.Keeper.
func (k *faultyKeeper) Keep(ctx context.Context, batch []broker.Kept) []broker.Outcome {
	out := make([]broker.Outcome, len(batch))
	fail := func(err error) []broker.Outcome {
		for i := range out {
			out[i].Err = err
		}
		return out
	}
	switch err := k.slow(ctx); {
	case err == broker.ErrClosed:
		return fail(err)
	case err != nil:
		return fail(errors.Join(broker.ErrUnavailable, err))
	}
	k.faultyLink.mu.Lock()
	works, hangs := k.works(), k.mode == hung
	k.faultyLink.mu.Unlock()
	switch {
	case k.isClosed():
		return fail(broker.ErrClosed)
	case !works:
		return fail(errors.Join(broker.ErrUnavailable, broker.ErrDown))
	case ctx.Err() != nil:
		return fail(errors.Join(broker.ErrUnavailable, ctx.Err()))
	case hangs:
		k.broker.count(func(n *Counts) { n.Swallowed += len(batch) })
		_ = k.answer(ctx) // whatever it says, there was none to this
		return fail(errors.Join(broker.ErrUnsure, errFault))
	}
	return k.keep(ctx, batch, out)
}

// keep keeps a batch, but for messages that are lost on their way, and keeps some
// outcomes to itself.
func (k *faultyKeeper) keep(ctx context.Context, batch []broker.Kept, out []broker.Outcome) []broker.Outcome {
	share := k.broker.faults.Load().Unsure
	told := make([]bool, len(batch))
	var sent []broker.Kept
	var which []int
	for i := range batch {
		luck := k.luck()
		told[i] = luck >= share
		if luck >= share/2 {
			sent = append(sent, batch[i])
			which = append(which, i)
		}
	}
	for n, o := range k.keeper.Keep(ctx, sent) {
		i := which[n]
		out[i] = o
		told[i] = told[i] || o.Err != nil
	}
	for i := range out {
		if !told[i] {
			out[i] = broker.Outcome{Err: errors.Join(broker.ErrUnsure, errFault)}
			k.broker.count(func(n *Counts) { n.Unsure++ })
		}
	}
	return out
}

// Read implements broker.Keeper.
func (k *faultyKeeper) Read(ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error) {
	if err := k.begin(ctx); err != nil {
		return broker.Page{}, err
	}
	page, err := k.keeper.Read(ctx, log, channel, after, limit)
	if err != nil || !page.Complete || !k.isStale() {
		return page, err
	}
	page.Top = after.Offset
	if n := int(k.luck() * float64(len(page.Entries)+1)); n > 0 {
		page.Entries, page.Top = page.Entries[:n], page.Entries[n-1].At.Offset
	} else {
		page.Entries = nil
	}
	return page, nil
}

// Ends implements broker.Keeper.
func (k *faultyKeeper) Ends(ctx context.Context, log broker.Log, channels []string) ([]broker.Position, error) {
	if err := k.begin(ctx); err != nil {
		return nil, err
	}
	all, err := k.keeper.Ends(ctx, log, channels)
	if err != nil {
		return nil, err
	}
	stale := k.isStale()
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, c := range channels {
		at := [2]string{log.Name, c}
		if before, is := k.ends[at]; is && stale && before.Epoch == all[i].Epoch {
			all[i] = before
		}
		k.ends[at] = all[i]
	}
	return all, nil
}

// begin waits as long as a call takes, and returns why it fails, or nil.
func (k *faultyKeeper) begin(ctx context.Context) error {
	if err := k.slow(ctx); err != nil {
		return err
	}
	if err := k.answer(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if share := k.broker.faults.Load().Unread; share > 0 && k.luck() < share {
		k.broker.count(func(n *Counts) { n.Unread++ })
		return errors.Join(broker.ErrUnavailable, errFault)
	}
	return nil
}

// isStale reports whether a replica answers that lags.
func (k *faultyKeeper) isStale() bool {
	share := k.broker.faults.Load().Stale
	if share <= 0 || k.luck() >= share {
		return false
	}
	k.broker.count(func(n *Counts) { n.Stale++ })
	return true
}

// luck returns a number from 0 up to 1, without 1.
func (k *faultyKeeper) luck() float64 {
	k.faultyLink.mu.Lock()
	defer k.faultyLink.mu.Unlock()
	return k.calls.Float64()
}
