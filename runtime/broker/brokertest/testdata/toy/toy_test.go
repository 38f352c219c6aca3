package toy_test

import (
	"testing"

	"example.com/toy"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
)

func TestConformance(t *testing.T) {
	brokertest.Run(t, func(t *testing.T) brokertest.Engine {
		engine, err := toy.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(engine.Close)
		nodes := map[int]*toy.Broker{}
		node := func(n int) *toy.Broker {
			if nodes[n] == nil {
				nodes[n] = &toy.Broker{Addr: engine.Addr()}
			}
			return nodes[n]
		}
		return brokertest.Engine{
			Broker:  func(n int) broker.Broker { return node(n) },
			Cut:     func(n int) { node(n).Cut() },
			Heal:    func(n int) { node(n).Heal() },
			Restart: engine.Forget,
		}
	})
}
