package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/node"
)

func TestMain(m *testing.M) {
	if role() { // this process was started by a test
		return
	}
	os.Exit(m.Run())
}

// short is how much there is where others want the processor, too. The rates may
// differ by a lot then: what the tests find is that something stands still.
func short() Scale {
	return Scale{
		Nodes: 3, Clients: 90, Rate: 60, Probers: 1,
		Before: 4 * time.Second, During: 11 * time.Second, After: 3 * time.Second,
		Every: 4 * time.Second, Outage: 4 * time.Second, Stops: []time.Duration{5 * time.Second},
		LocalRate: 0.5, OthersRate: 0.5, Call: 100 * time.Millisecond, Calls: 100, Late: time.Second,
		Followers: 12, Kept: 10,
		Logs: io.Discard,
	}
}

// hold has a case happen on NATS, and fails if something does not hold.
func hold(t *testing.T, name string) {
	t.Helper()
	c, err := CaseNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run("nats", c, short())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r.print(&out)
	t.Log("\n" + out.String())
	for _, p := range r.Problems {
		t.Error(p)
	}
}

func TestKilledNode(t *testing.T)  { hold(t, "C1") }
func TestCutOff(t *testing.T)      { hold(t, "C3") }
func TestStoppedNode(t *testing.T) { hold(t, "C6") }
func TestDeafClients(t *testing.T) { hold(t, "C7") }

// TestFlags: a mistake on the command line is told, and starts nothing.
func TestFlags(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"-engines", "pigeons", "-cases", "C1"}, &out); err == nil {
		t.Error(out.String())
	}
	if _, err := CaseNamed("C0"); err == nil {
		t.Error("there is a case C0")
	}
}

// TestMayBeSlow: where the machine is quiet one call in a thousand may be slow, and
// elsewhere as many as of the yardstick, about.
func TestMayBeSlow(t *testing.T) {
	for _, c := range []struct {
		calls, yardsticks, slow int
		may                     int
	}{
		{5000, 5000, 0, 5},
		{5000, 5000, 9, 5 + 9 + 9},
		{50_000, 5000, 4, 50 + 10*(4+6)},
		{999, 0, 0, 0},
	} {
		if may := mayBeSlow(&node.Times{Calls: c.calls}, &node.Times{Calls: c.yardsticks, Slow: c.slow}); may != c.may {
			t.Errorf("%+v: %d may be slow", c, may)
		}
	}
}
