package redisbroker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
)

// Publish implements broker.Link. It waits for the answer of Redis, so that what is
// refused can be told, and the next batch comes behind this one.
func (l *link) Publish(ctx context.Context, batch []broker.Outgoing) (int, error) {
	select {
	case l.publishing <- struct{}{}:
		defer func() { <-l.publishing }()
	case <-l.open.Done():
		return 0, broker.ErrClosed
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	var tooLarge error
	for i := range batch {
		if len(batch[i].Data) > l.o.MaxMessage {
			batch, tooLarge = batch[:i], broker.ErrTooLarge
			break
		}
	}
	n, err := l.send(ctx, batch)
	if err == nil {
		err = tooLarge
	}
	return n, err
}

// send publishes a batch, and returns how many of it were sent. When Redis has
// refused a message while those behind it were taken, messages are sent one by one
// for a while, so that the next one is told: of this one nobody could be.
func (l *link) send(ctx context.Context, batch []broker.Outgoing) (int, error) {
	if len(batch) == 1 {
		return l.sendOne(ctx, batch[0])
	}
	if time.Now().Before(l.careful) {
		for i := range batch {
			if n, err := l.sendAll(ctx, batch[i:i+1]); n == 0 || err != nil {
				return i + n, err
			}
		}
		return len(batch), nil
	}
	return l.sendAll(ctx, batch)
}

// sendOne publishes a message that comes alone, as most do where little is pushed: it
// has nothing to be sorted by servers, and nobody waits behind it.
func (l *link) sendOne(ctx context.Context, out broker.Outgoing) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	err := l.ready()
	s := l.owner(out.Channel)
	l.mu.Unlock()
	switch {
	case err != nil:
		return 0, err
	case s == nil:
		return 0, broker.ErrDown
	}
	text := string(out.Data)
	if marked(out.Data) {
		text = string(plainMark) + text
	}
	answer := s.client.Do(ctx, s.publish(l.names.full(out.Channel, s.sharded), text))
	if err := s.answer(ctx, answer); err != nil {
		if errors.Is(err, broker.ErrRefused) {
			l.careful = time.Now().Add(carefulFor)
		}
		return 0, err
	}
	return 1, nil
}

// carefulFor is how long messages are sent one by one.
const carefulFor = 10 * time.Second

// sendAll publishes messages together.
func (l *link) sendAll(ctx context.Context, batch []broker.Outgoing) (int, error) {
	texts := textsOf(batch)
	todo := make([]int, len(batch)) // what has not been sent yet, by its place in batch
	for i := range todo {
		todo[i] = i
	}
	behind := 0 // everything from here on was not sent
	until := time.Now().Add(l.times.moved)
	for {
		if err := ctx.Err(); err != nil {
			return behind, err
		}
		refused, err := l.offer(ctx, batch, texts, todo)
		sent := make(map[int]bool, len(todo))
		for _, i := range todo {
			sent[i] = true
		}
		for _, i := range refused {
			delete(sent, i)
		}
		for i := range sent {
			behind = max(behind, i+1)
		}
		todo = refused
		switch {
		case len(todo) == 0:
			return len(batch), nil
		case todo[0] >= behind:
			if errors.Is(err, broker.ErrRefused) {
				l.careful = time.Now().Add(carefulFor)
			}
			return behind, err // all that is left can be tried again
		case errors.Is(err, broker.ErrRefused):
			l.careful = time.Now().Add(carefulFor)
			if behind == len(batch) {
				err = nil
			}
			return behind, err
		}
		// Some partitions have just moved, and messages behind theirs are out. They
		// are sent to who has them now, or else they are lost while the link is down.
		if !l.comesUp(ctx, until) {
			l.mu.Lock()
			l.broken(err)
			l.mu.Unlock()
			if behind == len(batch) {
				err = nil
			}
			return behind, err
		}
	}
}

// textsOf copies what the caller will use again, as it is published. All of it shares
// one string.
func textsOf(batch []broker.Outgoing) []string {
	size := 0
	for i := range batch {
		size += len(batch[i].Data) + 1
	}
	all, ends := make([]byte, 0, size), make([]int, len(batch))
	for i := range batch {
		if marked(batch[i].Data) {
			all = append(all, plainMark)
		}
		all = append(all, batch[i].Data...)
		ends[i] = len(all)
	}
	whole, texts, begin := rueidis.BinaryString(all), make([]string, len(batch)), 0
	for i, end := range ends {
		texts[i], begin = whole[begin:end], end
	}
	return texts
}

// comesUp waits for the link, and reports whether it is up.
func (l *link) comesUp(ctx context.Context, until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	for {
		l.mu.Lock()
		up, changed := l.up, l.changed
		l.mu.Unlock()
		if up {
			return time.Now().Before(until)
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		case <-l.open.Done():
			return false
		}
	}
}

// offer publishes messages once. It returns those that were certainly not taken, in
// their order, and why.
func (l *link) offer(ctx context.Context, batch []broker.Outgoing, texts []string, todo []int) (refused []int, why error) {
	l.mu.Lock()
	if err := l.ready(); err != nil {
		l.mu.Unlock()
		return todo, err
	}
	parts := make(map[*server][]int)
	for _, i := range todo {
		s := l.owner(batch[i].Channel)
		parts[s] = append(parts[s], i)
	}
	l.mu.Unlock()

	var mu sync.Mutex
	not := make(map[int]bool) // guarded by mu
	var all sync.WaitGroup
	for s, part := range parts {
		one := func() {
			commands := make([]rueidis.Completed, len(part))
			for k, i := range part {
				commands[k] = s.publish(l.names.full(batch[i].Channel, s.sharded), texts[i])
			}
			answers := s.client.DoMulti(ctx, commands...)
			mu.Lock()
			defer mu.Unlock()
			for k, i := range part {
				if err := s.answer(ctx, answers[k]); err != nil {
					not[i] = true
					if why == nil || errors.Is(why, broker.ErrRefused) {
						why = err // one that passes, if there is any
					}
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
		if not[i] {
			refused = append(refused, i)
		}
	}
	return refused, why
}

// answer returns why Redis has refused a message, and nil if it was taken or may
// have been.
func (s *server) answer(ctx context.Context, r rueidis.RedisResult) error {
	err := failure(r)
	if err == nil {
		return nil
	}
	text := "redisbroker: " + s.name() + ": a message"
	refusal, refused := rueidis.IsRedisErr(err)
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if !refused {
		if ctx.Err() == nil { // the connection has broken, and nobody knows
			s.die(fmt.Errorf("%s: %w", text, err))
		}
		return nil
	}
	_, moved := refusal.IsMoved()
	_, moves := refusal.IsAsk()
	switch {
	case moved || moves || refusal.IsClusterDown() || refusal.IsTryAgain():
		s.l.broken(errMoved)
	case strings.HasPrefix(err.Error(), "NOPERM"):
		return fmt.Errorf("%s: %w: %w: give the user the channels and PUBLISH, or SPUBLISH in a cluster: ACL SETUSER ... &%s:* +publish +spublish", text, broker.ErrRefused, err, s.l.o.Prefix)
	}
	return fmt.Errorf("%s: %w", text, err)
}
