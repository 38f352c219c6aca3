package natsbroker_test

import (
	"fmt"

	"github.com/nats-io/nats.go"

	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
)

// Nodes that connect with credentials, to the servers of a cluster. Applications that
// share these have other prefixes.
func ExampleNew() {
	engine := natsbroker.New(natsbroker.Options{
		URL:     "tls://nats-1.internal:4222,tls://nats-2.internal:4222",
		Prefix:  "shop",
		Connect: []nats.Option{nats.UserCredentials("/etc/shop/nats.creds")},
	})
	fmt.Println(engine != nil) // it is for ws.Options.Cluster.Broker
	// Output: true
}
