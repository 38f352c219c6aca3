// Package brokertest tests adapters to engines: Run checks all that package
// broker demands of one. Faulty wraps a Broker with faults, to test what stands
// above it.
package brokertest

import (
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// Engine is what Run tests: Brokers that lead to one engine, and what can be done
// to that.
type Engine struct {
	// Broker returns the Broker of a node; nodes are counted from 0. It may
	// return the same for all of them, or one that leads to another server of
	// the engine. It must not be nil.
	Broker func(node int) broker.Broker

	// Cut takes a node's connections to the engine away, so that its Links
	// notice, and Heal lets them come back. The other nodes are not touched; only
	// node 1 is ever cut off.
	// Without them the checks of broken links are skipped.
	Cut, Heal func(node int)

	// Restart ends the engine and starts another in its place, which knows of no
	// subscription. Without it the check of that is skipped.
	Restart func()

	// Patience is how long Run waits for what has to come. Default: 20 s.
	Patience time.Duration
}

// Run checks an adapter, each promise in a subtest of its own. open is called by
// each of them, and makes an engine or leads to one that is shared: the names of
// clusters are never used twice. What it has to tidy up it leaves to t.Cleanup,
// and all Links are closed when that runs. Run with the race detector.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			engine := open(t)
			switch {
			case c.cuts && (engine.Cut == nil || engine.Heal == nil):
				t.Skip("this engine cannot cut a node off and heal it (Engine.Cut, Engine.Heal)")
			case c.restarts && engine.Restart == nil:
				t.Skip("this engine cannot be restarted (Engine.Restart)")
			}
			c.check(newSuite(t, engine))
		})
	}
}

// checks are all of them. Each gets a cluster of its own.
var checks = []struct {
	name           string
	cuts, restarts bool // what it needs of the Engine
	check          func(*suite)
}{
	{name: "Reaches", check: checkReaches},
	{name: "Order", check: checkOrder},
	{name: "SubscribedHears", check: checkSubscribedHears},
	{name: "SubscribedHearsUnderLoad", check: checkSubscribedHearsUnderLoad},
	{name: "SubscribeTwice", check: checkSubscribeTwice},
	{name: "ManyChannels", check: checkManyChannels},
	{name: "Unsubscribe", check: checkUnsubscribe},
	{name: "Churn", check: checkChurn},
	{name: "OwnMessages", check: checkOwnMessages},
	{name: "Names", check: checkNames},
	{name: "Clusters", check: checkClusters},
	{name: "Sizes", check: checkSizes},
	{name: "Data", check: checkData},
	{name: "EndedContext", check: checkEndedContext},
	{name: "SlowReceiver", check: checkSlowReceiver},
	{name: "Reset", check: checkReset},
	{name: "Cut", cuts: true, check: checkCut},
	{name: "CutFromTheStart", cuts: true, check: checkCutFromTheStart},
	{name: "CutOften", cuts: true, check: checkCutOften},
	{name: "Restart", restarts: true, check: checkRestart},
	{name: "Close", check: checkClose},
	{name: "CloseSends", check: checkCloseSends},
	{name: "CloseWhileCalled", check: checkCloseWhileCalled},
	{name: "CloseStuck", check: checkCloseStuck},
}
