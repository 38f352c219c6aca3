package redisbroker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
)

var _ broker.Keeper = (*link)(nil)

// Keep implements broker.Keeper. It waits for the answers of Redis.
func (l *link) Keep(ctx context.Context, batch []broker.Kept) []broker.Outcome {
	k := &keeping{l: l, batch: batch, out: make([]broker.Outcome, len(batch))}
	todo := make([]int, 0, len(batch))
	for i := range batch {
		if len(batch[i].Data) > l.o.MaxMessage {
			k.out[i].Err = broker.ErrTooLarge
			continue
		}
		todo = append(todo, i)
	}
	select {
	case l.keeping <- struct{}{}:
		defer func() { <-l.keeping }()
	case <-l.open.Done():
		k.fail(todo, broker.ErrClosed)
		return k.out
	case <-ctx.Done():
		k.fail(todo, unavailable(ctx.Err()))
		return k.out
	}
	until := time.Now().Add(l.times.moved)
	for len(todo) > 0 {
		if err := ctx.Err(); err != nil {
			k.fail(todo, unavailable(err))
			break
		}
		again, err := k.offer(ctx, todo)
		if todo = k.inOrder(again, err); len(todo) > 0 && !l.comesUp(ctx, until) {
			k.fail(todo, unavailable(err))
			break
		}
	}
	return k.out
}

// unavailable returns err as the reason why a message is not kept.
func unavailable(err error) error {
	if err == broker.ErrClosed {
		return err
	}
	return fmt.Errorf("%w: %w", broker.ErrUnavailable, err)
}

// keeping is a call of Keep.
type keeping struct {
	l     *link
	batch []broker.Kept
	out   []broker.Outcome
}

func (k *keeping) fail(which []int, err error) {
	for _, i := range which {
		k.out[i] = broker.Outcome{Err: err}
	}
}

// inOrder returns those messages that can be tried again: one behind which another of
// its channel was kept would come too late, and so has failed.
func (k *keeping) inOrder(again []int, err error) []int {
	if len(again) == 0 {
		return nil
	}
	type place struct{ log, channel string }
	waits := make(map[int]bool, len(again))
	for _, i := range again {
		waits[i] = true
	}
	last := make(map[place]int) // that is kept, or perhaps
	for i, m := range k.batch {
		if !waits[i] && (k.out[i].Err == nil && !k.out[i].Duplicate || errors.Is(k.out[i].Err, broker.ErrUnsure)) {
			last[place{m.Log.Name, m.Channel}] = i
		}
	}
	rest := again[:0]
	for _, i := range again {
		m := &k.batch[i]
		if behind, is := last[place{m.Log.Name, m.Channel}]; is && behind > i {
			k.fail([]int{i}, unavailable(err))
			continue
		}
		rest = append(rest, i)
	}
	return rest
}

// offer keeps messages once. It returns those that are certainly not kept and may be
// soon, in their order, and why.
func (k *keeping) offer(ctx context.Context, todo []int) (again []int, why error) {
	l := k.l
	l.mu.Lock()
	if err := l.ready(); err != nil {
		l.mu.Unlock()
		k.fail(todo, unavailable(err))
		return nil, nil
	}
	parts := make(map[*server][]int)
	for _, i := range todo {
		s := l.owner(k.batch[i].Channel)
		parts[s] = append(parts[s], i)
	}
	l.mu.Unlock()
	if nowhere := parts[nil]; nowhere != nil {
		k.fail(nowhere, unavailable(errMoved))
		delete(parts, nil)
	}

	var mu sync.Mutex
	later := make(map[int]bool) // guarded by mu
	var all sync.WaitGroup
	for s, part := range parts {
		one := func() {
			answers := s.keepAll(ctx, k.batch, part)
			mu.Lock()
			defer mu.Unlock()
			for n, i := range part {
				var err error
				if k.out[i], err = s.outcome(ctx, answers[n]); err != nil {
					later[i], why = true, err
				}
			}
		}
		if len(parts) == 1 {
			one()
		} else {
			all.Go(one)
		}
	}
	all.Wait()
	for _, i := range todo {
		if later[i] {
			again = append(again, i)
		}
	}
	return again, why
}

// keepAll keeps messages of one server, and returns its answers.
func (s *server) keepAll(ctx context.Context, batch []broker.Kept, part []int) []rueidis.RedisResult {
	ours, failed := s.load(ctx)
	if ours == nil {
		return slices.Repeat([]rueidis.RedisResult{failed}, len(part))
	}
	commands := make([]rueidis.Completed, len(part))
	for n, i := range part {
		commands[n] = s.keep(ours.keep, &batch[i])
	}
	return s.client.DoMulti(ctx, commands...)
}

// keep returns the command that keeps a message.
func (s *server) keep(script string, m *broker.Kept) rueidis.Completed {
	n := s.l.names
	at := n.shelf(m.Log.Name, m.Channel, s.sharded)
	keys := []string{at.meta, at.stream}
	if m.Key != "" {
		keys = append(keys, at.keys+hash(m.Key))
	}
	publish := "publish"
	if s.sharded {
		publish = "spublish"
	}
	return s.client.B().Evalsha().Sha1(script).Numkeys(int64(len(keys))).Key(keys...).Arg(
		newEpoch(), metaTTL(m.Log), strconv.Itoa(max(m.Log.Size, 1)), milliseconds(m.Log.TTL),
		milliseconds(broker.KeyTime), n.full(m.Channel, s.sharded), string(m.Data), publish,
	).Build()
}

// outcome returns what became of a message. With an error it is certainly not kept, and
// may be soon.
func (s *server) outcome(ctx context.Context, r rueidis.RedisResult) (broker.Outcome, error) {
	err := failure(r)
	if err == nil {
		if o, ok := keptAt(r); ok {
			return o, nil
		}
		return broker.Outcome{Err: fmt.Errorf("%w: redisbroker: an answer that is none of our script's", broker.ErrUnsure)}, nil
	}
	switch verdict, err := s.trouble(ctx, err); verdict {
	case soon:
		return broker.Outcome{}, err
	case perhaps:
		return broker.Outcome{Err: fmt.Errorf("%w: %w", broker.ErrUnsure, err)}, nil
	default:
		return broker.Outcome{Err: err}, nil
	}
}

// keptAt reads the answer of keepScript.
func keptAt(r rueidis.RedisResult) (o broker.Outcome, ok bool) {
	parts, err := r.ToArray()
	if err != nil || len(parts) != 2 {
		return o, false
	}
	known, err := parts[0].AsInt64()
	text, _ := parts[1].ToString()
	at, ok := cutPosition(text)
	return broker.Outcome{At: at, Duplicate: known == 1}, ok && err == nil
}
