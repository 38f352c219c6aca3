// Command roundtrip is an engine as its client library has it: a push publishes a
// message, and returns when another connection of this process has got it.
package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/bench/internal/peer"
)

// channel is where messages go.
const channel = "roundtrip"

func main() {
	engine := peer.EngineFlags()
	config := peer.Flags()
	var trip func(message string) error
	var err error
	module := "github.com/nats-io/nats.go"
	if engine.Name == "redis" {
		module = "github.com/redis/rueidis"
		trip, err = overRedis(engine.Addr)
	} else {
		trip, err = overNATS(engine.Addr)
	}
	peer.Fail(err)
	peer.Serve(config, module, http.NotFoundHandler(), func(_ string, size int) error {
		return trip(strings.Repeat("x", size))
	})
}

func overNATS(addr string) (func(string) error, error) {
	from, err := nats.Connect("nats://" + addr)
	if err != nil {
		return nil, err
	}
	to, err := nats.Connect("nats://" + addr)
	if err != nil {
		return nil, err
	}
	came := make(chan *nats.Msg, 1)
	if _, err := to.ChanSubscribe(channel, came); err != nil {
		return nil, err
	}
	return func(message string) error {
		if err := from.Publish(channel, []byte(message)); err != nil {
			return err
		}
		<-came
		return nil
	}, to.Flush()
}

func overRedis(addr string) (func(string) error, error) {
	// As the adapter has it: with AlwaysPipelining somebody reads at all times, so that
	// a link which has broken is known before something is published over it.
	option := rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true, AlwaysPipelining: true}
	from, err := rueidis.NewClient(option)
	if err != nil {
		return nil, err
	}
	to, err := rueidis.NewClient(option)
	if err != nil {
		return nil, err
	}
	subscribed, came := make(chan struct{}), make(chan struct{}, 1)
	ctx := rueidis.WithOnSubscriptionHook(context.Background(), func(rueidis.PubSubSubscription) { close(subscribed) })
	failed := make(chan error, 1)
	go func() {
		failed <- to.Receive(ctx, to.B().Subscribe().Channel(channel).Build(), func(rueidis.PubSubMessage) { came <- struct{}{} })
	}()
	select {
	case <-subscribed:
	case err := <-failed:
		return nil, fmt.Errorf("no subscription: %w", err)
	}
	return func(message string) error {
		if err := from.Do(ctx, from.B().Publish().Channel(channel).Message(message).Build()).Error(); err != nil {
			return err
		}
		<-came
		return nil
	}, nil
}
