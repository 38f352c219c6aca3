package natstest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

// manager returns a client of JetStream as an operator has it. It ends with the test.
func manager(t *testing.T, at *natstest.Server) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(at.URL())
	check(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	check(t, err)
	return js
}

// withStreams calls f with all streams that there are.
func withStreams(t *testing.T, at *natstest.Server, f func(ctx context.Context, js jetstream.JetStream, s *jetstream.StreamInfo)) {
	t.Helper()
	nc, err := nats.Connect(at.URL())
	check(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	check(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	list := js.ListStreams(ctx)
	for s := range list.Info() {
		f(ctx, js, s)
	}
	check(t, list.Err())
}

// empty takes all streams away.
func empty(t *testing.T, at *natstest.Server) {
	t.Helper()
	withStreams(t, at, func(ctx context.Context, js jetstream.JetStream, s *jetstream.StreamInfo) {
		if err := js.DeleteStream(ctx, s.Config.Name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			t.Error(err)
		}
	})
}

// expire has all messages age out, as if their time were over.
func expire(t *testing.T, at *natstest.Server) {
	t.Helper()
	withStreams(t, at, func(ctx context.Context, js jetstream.JetStream, s *jetstream.StreamInfo) {
		short := s.Config
		short.MaxAge, short.Duplicates = 100*time.Millisecond, 100*time.Millisecond
		_, err := js.UpdateStream(ctx, short)
		check(t, err)
		stream, err := js.Stream(ctx, s.Config.Name)
		check(t, err)
		for left := uint64(1); left > 0; {
			info, err := stream.Info(ctx)
			check(t, err)
			if left = info.State.Msgs; left > 0 {
				select {
				case <-time.After(10 * time.Millisecond):
				case <-ctx.Done():
					t.Fatalf("%d messages of %s do not age out", left, s.Config.Name)
				}
			}
		}
		_, err = js.UpdateStream(ctx, s.Config)
		check(t, err)
	})
}
