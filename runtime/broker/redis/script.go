package redisbroker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file calls scripts, and says what their errors mean.

// errUnsharded is why nothing is kept on a Redis Cluster without sharded pub/sub.
var errUnsharded = errors.New("redisbroker: on a Redis Cluster messages are kept with sharded pub/sub only: use Redis 7 or newer, and leave Options.Sharded at ShardedAuto")

// scripts are the names by which a server knows them.
type scripts struct{ keep, look string }

// load has the server know the scripts, if nobody knows that it does. It returns nil
// and why if that has failed.
func (s *server) load(ctx context.Context) (*scripts, rueidis.RedisResult) {
	if known := s.scripts.Load(); known != nil {
		return known, rueidis.RedisResult{}
	}
	answers := s.client.DoMulti(ctx,
		s.client.B().ScriptLoad().Script(keepScript).Build(),
		s.client.B().ScriptLoad().Script(lookScript).Build(),
	)
	var known scripts
	for i, to := range []*string{&known.keep, &known.look} {
		if failure(answers[i]) != nil {
			return nil, answers[i]
		}
		*to, _ = answers[i].ToString()
	}
	s.scripts.Store(&known)
	return &known, rueidis.RedisResult{}
}

// verdict is what an error of a script means.
type verdict uint8

const (
	refused verdict = iota // nothing was done, and the error says why
	soon                   // nothing was done, and it may be tried again: at once, or when the link is up
	perhaps                // nobody knows what was done
)

// trouble returns what an error of a script means, and as one of the seam.
func (s *server) trouble(ctx context.Context, err error) (verdict, error) {
	l := s.l
	refusal, answered := rueidis.IsRedisErr(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !answered {
		switch {
		case ctx.Err() != nil:
			return perhaps, ctx.Err()
		case l.isClosed():
			return perhaps, broker.ErrClosed
		}
		err = fmt.Errorf("redisbroker: %s: %w", s.name(), err)
		s.die(err) // the connection has broken
		return perhaps, err
	}
	said := err.Error()
	err = fmt.Errorf("redisbroker: %s: %w", s.name(), err)
	_, moved := refusal.IsMoved()
	_, moves := refusal.IsAsk()
	switch {
	case refusal.IsNoScript():
		s.scripts.Store(nil)
		return soon, err
	case (moved || moves || has(said, "CROSSSLOT")) && !s.sharded:
		return refused, fmt.Errorf("%w: %w", broker.ErrUnavailable, errUnsharded)
	case moved || moves || refusal.IsClusterDown() || refusal.IsTryAgain(), has(said, "READONLY"): // it is a replica now
		l.broken(errMoved)
		return soon, err
	case has(said, "NOPERM"):
		err = fmt.Errorf("%w: give the user the keys and the commands that the documentation of package redisbroker names", err)
		if inScript(said) {
			return perhaps, err
		}
		return refused, fmt.Errorf("%w: %w", broker.ErrRefused, err)
	case has(said, "OOM"):
		return refused, fmt.Errorf("%w: %w: give it more memory (maxmemory), or keep less", broker.ErrUnavailable, err)
	case has(said, "MISCONF"), has(said, "NOREPLICAS"), !inScript(said): // at the first write, or before
		return refused, fmt.Errorf("%w: %w", broker.ErrUnavailable, err)
	}
	return perhaps, err
}

// has reports whether an error is one of a kind. Before version 7 what a script meets
// stands within a text.
func has(said, kind string) bool {
	return strings.HasPrefix(said, kind+" ") || strings.Contains(said, "-"+kind+" ")
}

// inScript reports whether an error came from within a script.
func inScript(said string) bool { return strings.Contains(said, "user_script") }
