package rates

import (
	"testing"
	"time"
)

const ms = time.Millisecond

// TestTake: a message is charged to its event first, then to its connection,
// then to its principal. A rate that refuses it keeps it from the next ones.
func TestTake(t *testing.T) {
	set := &Set{
		Conn: Rate{PerSecond: 2, Burst: 3}, Principal: Rate{PerSecond: 1, Burst: 4},
		Events: map[int]Rate{0: {PerSecond: 0.5}},
	}
	var of Principals
	now := time.Now()
	first, second, nobody := set.New("ann", &of), set.New("ann", &of), set.New("", &of)
	take := func(what string, u *Usage, handler int, want time.Duration) {
		t.Helper()
		if got := u.Take(set, handler, now); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	take("the event's one", first, 0, 0)
	take("its second", first, 0, 2000*ms)
	take("the connection's second", first, 1, 0)
	take("its third: what the event refused cost it nothing", first, 1, 0)
	take("its fourth", first, 1, 500*ms)
	take("the principal's fourth: what the connection refused cost it nothing", second, 1, 0)
	take("its fifth", second, 1, 1000*ms)
	take("another connection's, of nobody", nobody, 0, 0)
	now = now.Add(999500 * time.Microsecond)
	take("too early", second, 1, 1*ms) // rounded up
	now = now.Add(1 * ms)
	take("when it was told", second, 1, 0)
	take("and no more", first, 1, 1000*ms) // its connection has room, its principal none
}

// TestNoRate: messages without a rate are never refused.
func TestNoRate(t *testing.T) {
	set := &Set{Principal: Rate{Burst: 1}, Conn: Rate{PerSecond: -1}}
	var of Principals
	u := set.New("ann", &of)
	defer u.Leave()
	for range 1000 {
		if wait := u.Take(set, 0, time.Unix(0, 0)); wait != 0 {
			t.Fatal(wait)
		}
	}
	if len(of.byID) > 0 {
		t.Error("a principal without a rate is kept")
	}
}

func TestSize(t *testing.T) {
	for rate, want := range map[Rate]int{{}: 1, {PerSecond: 0.1}: 1, {PerSecond: 2.5}: 3, {PerSecond: 2.5, Burst: 7}: 7, {PerSecond: 1, Burst: -1}: 1, {PerSecond: 1e300}: 1<<31 - 1} {
		if got := rate.Size(); got != want {
			t.Errorf("%+v: %d, want %d", rate, got, want)
		}
	}
}

// TestStrikes: each refusal counts, forgiven ones do not, and there is no
// credit.
func TestStrikes(t *testing.T) {
	u := new(Set).New("", nil)
	u.Forgive()
	if n := u.Strike(); n != 1 {
		t.Errorf("%d, of the first", n)
	}
	u.Strike()
	u.Forgive()
	if n := u.Strike(); n != 2 {
		t.Errorf("%d, of two and one that is forgiven", n)
	}
}

// TestLeave: a principal is forgotten when its last connection has gone and its
// bucket is full.
func TestLeave(t *testing.T) {
	set := &Set{Principal: Rate{PerSecond: 1e6}}
	var of Principals
	a, b := set.New("ann", &of), set.New("ann", &of)
	a.Leave()
	if of.byID["ann"] == nil || of.byID["ann"].conns != 1 {
		t.Errorf("while one is there: %+v", of.byID["ann"])
	}
	b.Leave()
	if len(of.byID) > 0 {
		t.Error("it is kept")
	}
}
