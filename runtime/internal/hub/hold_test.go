package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// slowLink takes a while for each Subscribe, and knows what is subscribed.
type slowLink struct {
	broker.Link
	takes time.Duration
	has   map[string]bool
	err   error
}

func (l *slowLink) Subscribe(ctx context.Context, channels []string) error {
	select {
	case <-time.After(l.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, c := range channels {
		l.has[c] = true
	}
	return l.err
}

func (l *slowLink) Unsubscribe(_ context.Context, channels []string) error {
	for _, c := range channels {
		delete(l.has, c)
	}
	return nil
}

const (
	patience = time.Second
	lingers  = 10 * time.Second
)

// clustered makes a Hub that is part of a cluster, whose link is up.
func clustered(t *testing.T, check func(k *maker, l *slowLink)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k, l := newMaker(t), &slowLink{takes: 100 * time.Millisecond, has: map[string]bool{}}
		i := cluster.NewInterest(l, cluster.InterestOptions{Hold: patience, Linger: lingers})
		defer i.Close()
		i.Up()
		k.hub.JoinCluster(i, false)
		check(k, l)
	})
}

// takes takes what may leave, as a writer does. The outboxes are held, so that no
// other writer comes.
func takes(m *Member) string {
	var b outbox.Batch
	m.Socket.Out().Take(&b, 64<<10)
	defer m.Socket.Out().Written(&b)
	text := string(b.Join(nil))
	return text[min(2, len(text)):]
}

// TestJoinHoldsReplies: from the join of a room to which other nodes' pushes do not
// come yet nothing leaves, until they do. A second member waits like the first,
// and one that comes later not at all.
func TestJoinHoldsReplies(t *testing.T) {
	clustered(t, func(k *maker, l *slowLink) {
		var all []*Member
		for range 3 {
			m := k.stranger()
			k.hub.Add(m, "")
			all = append(all, m)
		}
		first, second, third := all[0], all[1], all[2]
		join := func(m *Member, rooms ...string) {
			if err := k.hub.Join(m, 10, rooms...); err != nil {
				t.Error(err)
			}
			m.Socket.Out().Insist(frame.Text("reply"))
		}
		join(first, "a")
		time.Sleep(50 * time.Millisecond)
		join(second, "a")
		if got := takes(first) + takes(second); got != "" {
			t.Errorf("left before the room was subscribed: %q", got)
		}
		if first.Settled() == nil || third.Settled() != nil {
			t.Error("the wrong one waits")
		}
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		if !l.has["r.p_a"] {
			t.Error("not subscribed")
		}
		join(third, "a")
		for i, m := range all {
			if got := takes(m); got != "reply" {
				t.Errorf("member %d: %q", i, got)
			}
		}
		if first.Settled() != nil {
			t.Error("it waits still")
		}
	})
}

// TestJoinHoldsForAWhile: a link that confirms nothing holds nobody up for longer
// than Hold, in however many rooms.
func TestJoinHoldsForAWhile(t *testing.T) {
	clustered(t, func(k *maker, l *slowLink) {
		l.takes = time.Hour
		m := k.stranger()
		k.hub.Add(m, "ann")
		for i := range 3 {
			if err := k.hub.Join(m, 10, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		}
		m.Socket.Out().Insist(frame.Text("reply"))
		settled := m.Settled()
		time.Sleep(patience - time.Nanosecond)
		if got := takes(m); got != "" {
			t.Errorf("left too soon: %q", got)
		}
		time.Sleep(time.Nanosecond)
		<-settled
		synctest.Wait()
		if got := takes(m); got != "reply" {
			t.Errorf("%q", got)
		}
	})
}

// TestJoinsHoldTogether: one join after the other holds a member up for no longer than
// the first of them may.
func TestJoinsHoldTogether(t *testing.T) {
	clustered(t, func(k *maker, l *slowLink) {
		l.takes = time.Hour
		m := k.stranger()
		k.hub.Add(m, "ann")
		m.Socket.Out().Insist(frame.Text("reply"))
		for i := range 10 {
			if err := k.hub.Join(m, 100, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
			if got := takes(m); got != "" {
				t.Errorf("left too soon: %q", got)
			}
			time.Sleep(patience / 10)
		}
		synctest.Wait()
		if got := takes(m); got != "reply" {
			t.Errorf("after %v it is held up still: %q", patience, got)
		}
	})
}

// TestJoinHoldsNoClose: a member that closes while it waits is closed at once.
func TestJoinHoldsNoClose(t *testing.T) {
	clustered(t, func(k *maker, _ *slowLink) {
		m := k.stranger()
		k.hub.Add(m, "")
		if err := k.hub.Join(m, 10, "a"); err != nil {
			t.Error(err)
		}
		m.Socket.Out().Close(frame.Text("bye"))
		if got := takes(m); got != "bye" {
			t.Errorf("%q", got)
		}
		time.Sleep(time.Second)
	})
}

// TestInterestFollowsMembers: rooms and users are subscribed while they have
// members, and a while longer; also where a join is taken back.
func TestInterestFollowsMembers(t *testing.T) {
	clustered(t, func(k *maker, l *slowLink) {
		has := func(want ...string) {
			t.Helper()
			time.Sleep(lingers + time.Second)
			synctest.Wait()
			var got []string
			for c := range l.has {
				got = append(got, c)
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("subscribed to %q, want %q", got, want)
			}
		}
		one, two := k.stranger(), k.stranger()
		k.hub.Add(one, "ann")
		k.hub.Add(two, "ann")
		for _, m := range []*Member{one, two} {
			if err := k.hub.Join(m, 10, "a"); err != nil {
				t.Error(err)
			}
		}
		if err := k.hub.Join(one, 2, "b", "c"); !errors.Is(err, ErrTooMany) {
			t.Error(err)
		}
		has("r.p_a", "u.p_ann")
		k.hub.Leave(one, "a")
		k.hub.Remove(one)
		has("r.p_a", "u.p_ann")
		k.hub.LeaveAll(two)
		has("u.p_ann")
		k.hub.Remove(two)
		has()
	})
}

// noted is a Relay that notes what it is called with.
type noted []string

func (n *noted) Relay(place int, channel string) { *n = append(*n, fmt.Sprint(place, " ", channel)) }

// TestRelay: a push is passed on once for each name, whether it is here or not, with
// the channel of those that are; once for everyone; and not for ids.
func TestRelay(t *testing.T) {
	clustered(t, func(k *maker, _ *slowLink) {
		m := k.stranger()
		k.hub.Add(m, "ann")
		if err := k.hub.Join(m, 10, "a"); err != nil {
			t.Error(err)
		}
		for _, c := range []struct {
			to   set
			want []string
		}{
			{set{All: true}, []string{"0 "}},
			{set{Rooms: []string{"b", "a", "c"}}, []string{"0 ", "1 r.p_a", "2 "}},
			{set{Users: []string{"ann", "bob"}}, []string{"0 u.p_ann", "1 "}},
			{set{IDs: []uint64{m.ID}}, nil},
		} {
			var relay noted
			var msg Message
			msg.Encoded(frame.Text("x"), nil)
			Push(k.hub, &c.to, &msg, &How{}, &relay, new(Tally))
			if !slices.Equal(relay, c.want) {
				t.Errorf("%+v: %q, want %q", c.to, relay, c.want)
			}
		}
	})
}

// TestLastOnly: of a union that arrives as one copy for each room, each member gets
// the copy for the first of its rooms, and no other.
func TestLastOnly(t *testing.T) {
	k, members, _ := crowd(t, 4)
	for i, rooms := range [][]string{{"a", "b"}, {"b"}, {"c", "a"}, {"c"}} {
		if err := k.hub.Join(members[i], 10, rooms...); err != nil {
			t.Fatal(err)
		}
	}
	union := []string{"a", "none", "b", "c"}
	for last, want := range [][]*Member{{members[0], members[2]}, nil, {members[1]}, {members[3]}} {
		got := Members(k.hub, &set{Rooms: union[:last+1], LastOnly: true})
		if len(got) != len(want) {
			t.Fatalf("copy %d reaches %d members, want %d", last, len(got), len(want))
		}
		for _, m := range want {
			if !slices.Contains(got, m) {
				t.Errorf("copy %d does not reach its member", last)
			}
		}
	}
}
