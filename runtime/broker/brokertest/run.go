// Package brokertest tests adapters to engines: Run checks all that package
// broker demands of one. Faulty wraps a Broker with faults, to test what stands
// above it.
package brokertest

import (
	"context"
	"slices"
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
	// If the engine keeps messages, it may keep them or not.
	Restart func()

	// Empty takes away all messages that the engine keeps, and what it knows of their
	// logs, as if somebody had deleted them. Links need not break. It is also called
	// behind each check of Keepers, when their Links are closed. Without it the check
	// of that is skipped.
	Empty func()

	// Save remembers the messages that the engine keeps, and restore brings it back
	// to them: what was kept since is gone, as after a power cut. Both may break
	// Links. Without it the check of that is skipped.
	Save func() (restore func())

	// Expire returns when all messages that are kept have aged out, and may help.
	// Without it Run waits, for a log whose TTL is a second at most: that is for an
	// engine that keeps no message for much longer than it must.
	Expire func()

	// Patience is how long Run waits for what has to come. Default: 20 s.
	Patience time.Duration
}

// Run checks an adapter, each promise in a subtest of its own. open is called by
// each of them, and makes an engine or leads to one that is shared: the names of
// clusters are never used twice. What it has to tidy up it leaves to t.Cleanup,
// and all Links are closed when that runs. Run with the race detector.
//
// Links that are Keepers are checked as such, too, in the subtests whose names begin
// with Keep. RunLink and RunKeeper are for one half of the checks.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	t.Helper()
	RunLink(t, open)
	if isKeeper(t, open(t)) {
		RunKeeper(t, open)
	}
}

// RunLink checks what all Links promise, as Run does.
func RunLink(t *testing.T, open func(t *testing.T) Engine) {
	t.Helper()
	run(t, open, checks)
}

// RunKeeper checks what Keepers promise besides, as Run does: all of that, or those
// checks that are named, for an engine in another arrangement than that which all were
// run on.
func RunKeeper(t *testing.T, open func(t *testing.T) Engine, names ...string) {
	t.Helper()
	if !isKeeper(t, open(t)) {
		t.Fatal("the Links of this engine are no Keepers")
	}
	chosen := keeperChecks
	if len(names) > 0 {
		chosen = nil
	}
	for _, name := range names {
		i := slices.IndexFunc(keeperChecks, func(c check) bool { return c.name == name })
		if i < 0 {
			t.Fatalf("there is no check %s of Keepers", name)
		}
		chosen = append(chosen, keeperChecks[i])
	}
	run(t, open, chosen)
}

func run(t *testing.T, open func(t *testing.T) Engine, all []check) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			engine := open(t)
			switch {
			case c.cuts && (engine.Cut == nil || engine.Heal == nil):
				t.Skip("this engine cannot cut a node off and heal it (Engine.Cut, Engine.Heal)")
			case c.restarts && engine.Restart == nil:
				t.Skip("this engine cannot be restarted (Engine.Restart)")
			case c.empties && engine.Empty == nil:
				t.Skip("this engine cannot be emptied (Engine.Empty)")
			case c.saves && engine.Save == nil:
				t.Skip("this engine cannot be brought back to an earlier state (Engine.Save)")
			}
			s := newSuite(t, engine)
			s.tidies = c.keeps && engine.Empty != nil
			c.check(s)
		})
	}
}

// isKeeper reports whether the Links of an engine keep messages.
func isKeeper(t *testing.T, engine Engine) bool {
	t.Helper()
	link, err := engine.Broker(0).Open(newName(), nobody{})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := link.Close(ctx); err != nil {
		t.Fatalf("Close: %v", err)
	}
	_, is := link.(broker.Keeper)
	return is
}

// nobody is a Receiver that does not care.
type nobody struct{}

func (nobody) Up()                     {}
func (nobody) Down(error)              {}
func (nobody) Deliver(broker.Delivery) {}
func (nobody) Lost(int, ...string)     {}

// check is one of them. It gets a cluster of its own.
type check struct {
	name                           string
	cuts, restarts, empties, saves bool // what it needs of the Engine
	keeps                          bool // the Links are Keepers
	check                          func(*suite)
}

// keeperChecks are those of Keepers.
var keeperChecks = []check{
	{name: "KeepReaches", keeps: true, check: checkKeepReaches},
	{name: "KeepOrder", keeps: true, check: checkKeepOrder},
	{name: "KeepKeys", keeps: true, check: checkKeepKeys},
	{name: "KeepKeysAtOnce", keeps: true, check: checkKeepKeysAtOnce},
	{name: "KeepRead", keeps: true, check: checkKeepRead},
	{name: "KeepReadWhereHeard", keeps: true, check: checkKeepReadWhereHeard},
	{name: "KeepTrims", keeps: true, check: checkKeepTrims},
	{name: "KeepExpires", keeps: true, check: checkKeepExpires},
	{name: "KeepEnds", keeps: true, check: checkKeepEnds},
	{name: "KeepSilent", keeps: true, check: checkKeepSilent},
	{name: "KeepModel", keeps: true, check: checkKeepModel},
	{name: "KeepLogs", keeps: true, check: checkKeepLogs},
	{name: "KeepDeclare", keeps: true, check: checkKeepDeclare},
	{name: "KeepSizes", keeps: true, check: checkKeepSizes},
	{name: "KeepEndedContext", keeps: true, check: checkKeepEndedContext},
	{name: "KeepCut", keeps: true, cuts: true, check: checkKeepCut},
	{name: "KeepRestart", keeps: true, restarts: true, check: checkKeepRestart},
	{name: "KeepEmpty", keeps: true, empties: true, check: checkKeepEmpty},
	{name: "KeepSave", keeps: true, saves: true, check: checkKeepSave},
	{name: "KeepClose", keeps: true, check: checkKeepClose},
	{name: "KeepCloseWhileCalled", keeps: true, check: checkKeepCloseWhileCalled},
}

// checks are those of all Links.
var checks = []check{
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
