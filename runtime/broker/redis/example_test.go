package redisbroker_test

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
)

// screen is a Receiver, as the runtime has one.
type screen struct{ up chan struct{} }

func (s *screen) Up()                                       { close(s.up) }
func (*screen) Down(cause error)                            { fmt.Println("down:", cause) }
func (*screen) Deliver(d broker.Delivery)                   { fmt.Printf("%s: %s\n", d.Channel, d.Data) }
func (*screen) Lost(n int, _ ...string)                     { fmt.Println("lost:", n) }
func (s *screen) open(b broker.Broker) (broker.Link, error) { return b.Open("main", s) }

// A Broker is made once, and given to the Server. What the Server does with it is
// shown here: each Link hears what others publish.
func Example() {
	b := redisbroker.New(redisbroker.Options{
		Client: rueidis.ClientOption{InitAddress: []string{"127.0.0.1:6379"}},
		Prefix: "shop", // of applications that share this Redis
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	receiver := &screen{up: make(chan struct{})}
	link, err := receiver.open(b)
	if err != nil {
		fmt.Println(err) // a mistake in the Options
		return
	}
	defer func() { _ = link.Close(ctx) }()
	select {
	case <-receiver.up:
	case <-ctx.Done():
		return // Redis is not there; the Link keeps trying
	}
	_ = link.Subscribe(ctx, []string{"r.p_lobby"})
	_, _ = link.Publish(ctx, []broker.Outgoing{{Channel: "r.p_lobby", Data: []byte("hello")}})
}
