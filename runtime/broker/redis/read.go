package redisbroker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
)

// errAnswer is that of a script which is not ours, or of keys that somebody else made.
var errAnswer = errors.New("redisbroker: an answer that is none of our script's: does another program use these keys? Choose another Options.Prefix")

// Declare implements broker.Keeper. There is nothing to be made on Redis, so it looks
// whether messages can be kept.
func (l *link) Declare(ctx context.Context, logs []broker.Log) error {
	for _, log := range logs {
		if _, err := l.look(ctx, log, []string{declared}, broker.Position{}, 0); err != nil {
			return err
		}
	}
	return l.able(ctx)
}

// declared is the channel of a log at which Declare looks. No other has this sign.
const declared = "!"

// Read implements broker.Keeper.
func (l *link) Read(ctx context.Context, log broker.Log, channel string, after broker.Position, limit int) (broker.Page, error) {
	pages, err := l.look(ctx, log, []string{channel}, after, max(limit, 1))
	if err != nil {
		return broker.Page{}, err
	}
	page := pages[0]
	if page.Epoch != after.Epoch {
		return page, nil
	}
	if len(page.Entries) > 0 {
		page.Complete = page.Entries[0].Prev <= after.Offset
	} else {
		page.Complete = page.Top <= after.Offset
	}
	if page.Complete {
		page.Top = max(page.Top, after.Offset)
	}
	return page, nil
}

// Ends implements broker.Keeper.
func (l *link) Ends(ctx context.Context, log broker.Log, channels []string) ([]broker.Position, error) {
	pages, err := l.look(ctx, log, channels, broker.Position{}, 0)
	if err != nil {
		return nil, err
	}
	ends := make([]broker.Position, len(pages))
	for i, page := range pages {
		ends[i] = broker.Position{Epoch: page.Epoch, Offset: page.Top}
	}
	return ends, nil
}

// able returns why nothing can be read, or nil.
func (l *link) able(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	return ctx.Err()
}

// look asks for channels of a log, each of its server. When one of them has moved, or
// does not know the script, it asks again.
func (l *link) look(ctx context.Context, log broker.Log, channels []string, after broker.Position, limit int) ([]broker.Page, error) {
	pages := make([]broker.Page, len(channels))
	todo := make([]int, len(channels))
	for i := range todo {
		todo[i] = i
	}
	until := time.Now().Add(l.times.moved)
	for len(todo) > 0 {
		if err := l.able(ctx); err != nil {
			return nil, err
		}
		again, why, err := l.lookOnce(ctx, log, channels, todo, after, limit, pages)
		if err != nil {
			return nil, err
		}
		if todo = again; len(todo) > 0 && !l.comesUp(ctx, until) {
			if err := l.able(ctx); err != nil {
				return nil, err
			}
			return nil, unavailable(why)
		}
	}
	return pages, nil
}

// lookOnce fills in the pages of some channels. It returns those that are to be asked
// for again and why, or an error.
func (l *link) lookOnce(ctx context.Context, log broker.Log, channels []string, todo []int, after broker.Position, limit int, pages []broker.Page) (again []int, why, failed error) {
	l.mu.Lock()
	parts := make(map[*server][]int)
	for _, i := range todo {
		s := l.owner(channels[i])
		parts[s] = append(parts[s], i)
	}
	l.mu.Unlock()
	if len(parts[nil]) > 0 {
		return nil, nil, broker.ErrDown
	}
	var mu sync.Mutex // guards what is returned
	var all sync.WaitGroup
	for s, part := range parts {
		one := func() {
			answers := s.lookAll(ctx, log, channels, part, after, limit)
			mu.Lock()
			defer mu.Unlock()
			for n, i := range part {
				page, later, err := s.page(ctx, channels[i], answers[n])
				switch {
				case err == nil:
					pages[i] = page
				case later:
					again, why = append(again, i), err
				case failed == nil:
					failed = err
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
	return again, why, failed
}

// lookAll asks one server, and returns its answers.
func (s *server) lookAll(ctx context.Context, log broker.Log, channels []string, part []int, after broker.Position, limit int) []rueidis.RedisResult {
	answers := make([]rueidis.RedisResult, len(part))
	ours, failed := s.load(ctx)
	if ours == nil {
		for n := range answers {
			answers[n] = failed
		}
		return answers
	}
	commands := make([]rueidis.Completed, len(part))
	for n, i := range part {
		at := s.l.names.shelf(log.Name, channels[i], s.sharded)
		commands[n] = s.client.B().Evalsha().Sha1(ours.look).Numkeys(2).Key(at.meta, at.stream).Arg(
			newEpoch(), metaTTL(log), after.Epoch, strconv.FormatUint(after.Offset, 10), strconv.Itoa(limit), strconv.Itoa(mostRead),
		).Build()
	}
	return s.client.DoMulti(ctx, commands...)
}

// page reads an answer of lookScript. Whether the page is complete is left to others.
// again says that it may be asked for again.
func (s *server) page(ctx context.Context, channel string, r rueidis.RedisResult) (page broker.Page, again bool, err error) {
	if err := failure(r); err != nil {
		verdict, err := s.trouble(ctx, err)
		if verdict == perhaps && ctx.Err() == nil && err != broker.ErrClosed {
			err = fmt.Errorf("%w: %w", broker.ErrDown, err)
		}
		return page, verdict == soon, err
	}
	parts, err := r.AsStrSlice()
	if err != nil || len(parts) < 2 || len(parts)%3 != 2 {
		return page, false, errAnswer
	}
	top, ok := parseOffset(parts[1])
	if !ok || !isEpoch(parts[0]) {
		return page, false, errAnswer
	}
	page.Epoch, page.Top = parts[0], top
	for parts = parts[2:]; len(parts) > 0; parts = parts[3:] {
		offset, known := parseOffset(parts[0])
		prev, isPrev := parseOffset(parts[1])
		if !known || !isPrev || prev >= offset {
			return broker.Page{}, false, errAnswer
		}
		page.Entries = append(page.Entries, broker.Delivery{
			Channel: channel, Data: []byte(parts[2]), At: broker.Position{Epoch: page.Epoch, Offset: offset}, Prev: prev,
		})
	}
	return page, false, nil
}
