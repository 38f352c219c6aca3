package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
)

// pressNode is a node with a press.
type pressNode struct {
	*site
	*press

	to *brokertest.FaultyBroker
}

// servePresses serves presses on n nodes of one engine, each behind faults of its own.
func servePresses(t *testing.T, n, size int, faults brokertest.Faults, o ws.Options) (*memory.Broker, []*pressNode) {
	t.Helper()
	engine := memory.New()
	var nodes []*pressNode
	for i := range n {
		faults.Seed++
		node := &pressNode{to: brokertest.Faulty(engine, faults)}
		o.Cluster.Broker, o.Cluster.Node = node.to, fmt.Sprint("node ", i)
		node.site, node.press = servePress(t, size, o)
		t.Cleanup(node.to.Heal)
		nodes = append(nodes, node)
	}
	for _, node := range nodes {
		eventually(t, "the link works", func() bool { return node.Stats().Cluster.Up })
	}
	return engine, nodes
}

// nodeFollower is a reader that takes frames in the order in which they come: in a cluster
// $joined comes when the engine has said where a history ends, before the reply or
// behind it.
type nodeFollower struct {
	*reader

	said      []string // the data of kept events
	recovered []string // what $joined has said of that
	answers   int
	lost      int
}

func (n *pressNode) follows(t *testing.T, rooms ...string) *nodeFollower {
	t.Helper()
	f := &nodeFollower{reader: n.reads(t)}
	f.open(t, rooms...)
	return f
}

// open follows rooms, and waits until all of them are joined.
func (f *nodeFollower) open(t *testing.T, rooms ...string) {
	t.Helper()
	joined, answers := len(f.recovered)+len(rooms), f.answers+1
	data, _ := json.Marshal(rooms)
	f.send(`{"event":"open","id":7,"data":%s}`, data)
	for len(f.recovered) < joined || f.answers < answers {
		f.step(f.hear())
	}
}

// step takes a frame.
func (f *nodeFollower) step(m arrived) {
	switch m.Event {
	case "said":
		if m.Log == "" || m.At == "" {
			f.t.Errorf("%+v has no place", m)
		}
		var text string
		_ = json.Unmarshal(m.Data, &text)
		f.said = append(f.said, text)
	case "$joined", "$lost":
		var d says
		_ = json.Unmarshal(m.Data, &d)
		f.at[d.Log] = d.At
		if m.Event == "$lost" {
			f.lost++
			return
		}
		recovered := ""
		if d.Recovered != nil {
			recovered = fmt.Sprint(*d.Recovered)
		}
		f.recovered = append(f.recovered, recovered)
	case "open":
		f.answers++
	default:
		f.t.Errorf("%+v %s", m, m.Data)
	}
}

// wantAll reads until the last of these kept events, which must be all there were.
func (f *nodeFollower) wantAll(texts ...string) {
	f.t.Helper()
	for len(f.said) < len(texts) {
		f.step(f.hear())
	}
	if !slices.Equal(f.said, texts) {
		f.t.Errorf("got %q, want %q", f.said, texts)
	}
	f.said = nil
}

// again connects to a node, and follows where it did.
func (f *nodeFollower) again(t *testing.T, n *pressNode, rooms ...string) {
	t.Helper()
	_ = f.conn.Close()
	f.peer = n.dial(t, "/ws")
	f.resume()
	f.recovered = nil
	f.open(t, rooms...)
}

// wantRecovered checks what the last $joined frames have said.
func (f *nodeFollower) wantRecovered(want ...string) {
	f.t.Helper()
	if !slices.Equal(f.recovered, want) {
		f.t.Errorf("recovered %q, want %q", f.recovered, want)
	}
}

// keptBy waits until the engine has so many messages of a node.
func (n *pressNode) keptBy(t *testing.T, kept uint64) {
	t.Helper()
	eventually(t, "all is kept", func() bool { return n.Stats().History.Kept == kept })
}

// TestKeptCluster: what any node pushes to a room that is followed is kept once, and
// comes to all nodes in one order, its own too. Who was cut off gets what they have
// missed from any other node.
func TestKeptCluster(t *testing.T) {
	_, nodes := servePresses(t, 3, 100, brokertest.Faults{}, ws.Options{})
	a, b, c := nodes[0], nodes[1], nodes[2]
	f, other := a.follows(t, "a"), c.follows(t, "a")
	member := &nodeFollower{reader: b.reads(t)}
	member.call("join", `["a"]`)
	for i, n := range []*pressNode{a, b, c, a} {
		if sent, err := n.push.In("a").Said(fmt.Sprint(i)); sent != 0 || err != nil {
			t.Errorf("%d, %v", sent, err)
		}
		other.wantAll(fmt.Sprint(i))
		member.wantAll(fmt.Sprint(i))
	}
	f.wantAll("0", "1", "2", "3")
	_ = f.conn.Close()
	b.said(t, []string{"4", "5"}, "a")
	other.wantAll("4", "5")
	f.again(t, c, "a")
	f.wantRecovered("true")
	f.wantAll("4", "5")
	a.said(t, []string{"6"}, "a")
	f.wantAll("6")
	f.again(t, b, "a") // where nobody has followed yet
	f.wantRecovered("true")
	a.said(t, []string{"7"}, "a")
	f.wantAll("7")
	f.quiet()
	other.wantAll("6", "7")
	member.wantAll("4", "5", "6", "7")
	if n := a.Stats(); n.History.Kept != 4 || n.History.KeepFailed != 0 || n.Cluster.Malformed != 0 {
		t.Errorf("%+v", n)
	}
	if n := c.Stats().History; n.Recovered != 1 || n.Unrecovered+n.LostTold+n.Resets != 0 {
		t.Errorf("%+v", n)
	}
}

// TestKeptClusterUnion: a push to several rooms is kept in each, and comes once to who
// follows some of them and is in others, on whatever node.
func TestKeptClusterUnion(t *testing.T) {
	_, nodes := servePresses(t, 2, 100, brokertest.Faults{Jitter: time.Millisecond}, ws.Options{})
	a, b := nodes[0], nodes[1]
	both, second := b.follows(t, "a", "b"), a.follows(t, "b")
	mixed := &nodeFollower{reader: b.reads(t)} // is in the first, and follows the second
	mixed.call("join", `["a"]`)
	mixed.open(t, "b")
	member := &nodeFollower{reader: a.reads(t)} // is in both
	member.call("join", `["a","b"]`)
	for i := range 10 {
		a.said(t, []string{fmt.Sprint(i)}, "a", "b", "a", "c")
	}
	a.keptBy(t, 30)
	a.said(t, []string{"end"}, "b")
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint(i))
	}
	for name, f := range map[string]*nodeFollower{"both": both, "second": second, "mixed": mixed, "member": member} {
		for len(f.said) == 0 || f.said[len(f.said)-1] != "end" {
			f.step(f.hear())
		}
		f.said = slices.DeleteFunc(f.said, func(text string) bool { return text == "end" }) // which may overtake what comes by the other room
		for len(f.said) < len(want) {
			f.step(f.hear())
		}
		if !slices.Equal(f.said, want) {
			t.Errorf("%s: %q", name, f.said)
		}
		f.said = nil
		f.quiet()
	}
	_ = both.conn.Close()
	b.said(t, []string{"missed"}, "a", "b")
	b.keptBy(t, 2)
	both.again(t, a, "a", "b")
	both.wantRecovered("true", "true")
	both.wantAll("missed")
	both.quiet()
}

// TestKeptClusterAcross: a push that waits for it is told where it is kept, and with a
// key that is known, where it was.
func TestKeptClusterAcross(t *testing.T) {
	engine, nodes := servePresses(t, 2, 100, brokertest.Faults{}, ws.Options{})
	a, b := nodes[0], nodes[1]
	f := b.follows(t, "a", "b")
	var first, again, union ws.Reached
	ctx := t.Context()
	if n, err := a.push.Key("k").Across(ctx, &first).In("a").Said("1"); n != 0 || err != nil || first.At.Epoch == "" || first.At.Offset == 0 || first.Nodes != 1 || first.Count != 0 {
		t.Errorf("%d, %v, %+v", n, err, first)
	}
	f.wantAll("1")
	if n, err := b.push.Key("k").Across(ctx, &again).In("a").Said("1"); n != 0 || err != nil || again.At != first.At {
		t.Errorf("%d, %v, %+v", n, err, again)
	}
	if _, err := b.push.Key("k").Across(ctx, &union).In("b", "a").Said("2"); err != nil || union.At != first.At { // of the last room, which has had it
		t.Errorf("%v, %+v", err, union)
	}
	f.wantAll("2")
	if _, err := a.push.Except(1, 2, 3).Across(ctx, &union).In("a").Said("3"); err != nil {
		t.Error(err)
	}
	f.wantAll("3")
	if n := b.Stats().History; n.Kept != 1 || n.Duplicates != 2 {
		t.Errorf("%+v", n)
	}
	var rooms []string
	for i := range 300 {
		rooms = append(rooms, fmt.Sprint(i))
	}
	for what, failed := range map[string]struct{ got, want error }{
		"too long":            {last(a.push.Across(ctx, nil).In("a").Said(strings.Repeat("x", memory.MaxMessage))), ws.ErrTooLarge},
		"too many exceptions": {last(a.push.Except(make([]ws.ConnID, 2000)...).In("a").Said("x")), ws.ErrTooMany},
		"too many rooms":      {last(a.push.In(rooms...).Said("x")), ws.ErrTooMany},
	} {
		if !errors.Is(failed.got, failed.want) {
			t.Errorf("%s: %v", what, failed.got)
		}
	}
	over, end := context.WithTimeout(ctx, 50*time.Millisecond)
	defer end()
	a.to.Hang()
	if _, err := a.push.Across(over, &first).In("a").Said("4"); !errors.Is(err, ws.ErrUnsure) || first.At != (ws.Position{}) {
		t.Errorf("%v, %+v", err, first)
	}
	a.to.Heal()
	engine.Stop()
	if _, err := b.push.Across(ctx, &first).In("a").Said("5"); err == nil {
		t.Error("kept without an engine")
	}
	engine.Start()
}

func last(_ int, err error) error { return err }

// TestKeptClusterOutage: while the engine is not there who follows has joined, and is
// told where it is later; and kept pushes fail, a second after it has gone.
func TestKeptClusterOutage(t *testing.T) {
	engine, nodes := servePresses(t, 2, 100, brokertest.Faults{}, ws.Options{})
	a, b := nodes[0], nodes[1]
	before := a.follows(t, "a")
	a.said(t, []string{"1"}, "a")
	before.wantAll("1")
	engine.Stop()
	eventually(t, "nobody keeps anything", func() bool {
		_, err := a.push.In("a").Said("never")
		time.Sleep(50 * time.Millisecond) // what is pushed in the first second waits, and is kept later
		if err != nil && !errors.Is(err, ws.ErrUnavailable) {
			t.Fatal(err)
		}
		return err != nil
	})
	late := &nodeFollower{reader: b.reads(t)}
	late.at = map[string]string{}
	for log, at := range before.at {
		late.at[log] = at
	}
	late.resume()
	late.send(`{"event":"open","id":7,"data":["a"]}`)
	late.step(late.hear())
	if late.answers != 1 {
		t.Error("no answer")
	}
	late.quiet()
	engine.Start()
	eventually(t, "it keeps again", func() bool {
		_, err := b.push.Key("2").Across(t.Context(), nil).In("a").Said("2")
		return err == nil
	})
	for _, f := range []*nodeFollower{before, late} {
		for len(f.said) == 0 || f.said[len(f.said)-1] != "2" {
			f.step(f.hear())
		}
		f.said = slices.DeleteFunc(f.said, func(text string) bool { return text == "never" }) // those of the first second
		f.wantAll("2")
		if f.lost > 0 {
			t.Error("told that something is lost")
		}
	}
	late.wantRecovered("true")
}

// TestKeptClusterReset: when the engine has lost all that it had, who follows is told
// so, and goes on.
func TestKeptClusterReset(t *testing.T) {
	engine, nodes := servePresses(t, 2, 100, brokertest.Faults{}, ws.Options{})
	a, b := nodes[0], nodes[1]
	f, away := a.follows(t, "a"), b.follows(t, "a")
	a.said(t, []string{"1", "2", "3"}, "a")
	f.wantAll("1", "2", "3")
	away.wantAll("1", "2", "3")
	_ = away.conn.Close()
	engine.Empty()
	b.said(t, []string{"4"}, "a")
	for f.lost == 0 {
		f.step(f.hear())
	}
	b.said(t, []string{"5"}, "a")
	f.wantAll("5")
	eventually(t, "the other node has found out", func() bool { return b.Stats().History.Resets == 1 })
	away.again(t, b, "a")
	away.wantRecovered("false")
	b.said(t, []string{"6"}, "a")
	f.wantAll("6")
	away.wantAll("6")
	if n := a.Stats().History; n.Resets != 1 || n.LostTold != 1 {
		t.Errorf("%+v", n)
	}
}

// TestKeptClusterSlow: a follower that reads slowly gets all of it later, from memory or
// from the engine.
func TestKeptClusterSlow(t *testing.T) {
	const most = 400
	_, nodes := servePresses(t, 2, most, brokertest.Faults{}, ws.Options{OutboxFrames: 4, WriteTimeout: patience, Cluster: ws.Cluster{MaxCatchUps: 1}})
	slow, fast := nodes[0].follows(t, "a"), nodes[0].follows(t, "a")
	_ = slow.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	long := strings.Repeat("x", 2000)
	var want []string
	for i := range most {
		want = append(want, fmt.Sprint(i, long))
		nodes[1].said(t, want[i:], "a")
		fast.wantAll(want[i])
	}
	_ = slow.conn.(*net.TCPConn).SetReadBuffer(1 << 20)
	slow.wantAll(want...)
	nodes[1].said(t, []string{"end"}, "a")
	slow.wantAll("end")
	slow.quiet()
	if n := nodes[0].Stats(); n.Shed != 0 || n.History.CatchUps == 0 || n.History.LostTold != 0 {
		t.Errorf("%d were lost, %+v", n.Shed, n.History)
	}
}

// TestKeptClusterUsers: a kept push to a user is that user's on all nodes, also where
// users have no channels of their own.
func TestKeptClusterUsers(t *testing.T) {
	for _, all := range []bool{false, true} {
		_, nodes := servePresses(t, 2, 100, brokertest.Faults{}, ws.Options{Cluster: ws.Cluster{UsersToAll: all}})
		follow := func(n *pressNode, user string) *nodeFollower {
			f := &nodeFollower{reader: n.reads(t, "Authorization: Bearer "+user)}
			f.send(`{"event":"me","id":7,"data":null}`)
			for len(f.recovered) == 0 || f.answers == 0 {
				m := f.hear()
				if m.Event == "me" {
					m.Event = "open"
				}
				f.step(m)
			}
			return f
		}
		ann, bob := follow(nodes[0], "ann"), follow(nodes[1], "bob")
		for _, n := range nodes {
			for _, to := range [][]string{{"ann"}, {"bob"}, {"ann", "bob", "ann"}} {
				if _, err := n.push.Users(to...).Said(strings.Join(to, " ")); err != nil {
					t.Error(err)
				}
			}
			ann.wantAll("ann", "ann bob ann")
			bob.wantAll("bob", "ann bob ann")
		}
	}
}

// TestKeptClusterPublisher: a process without connections has pushes kept, and Shutdown
// waits for that.
func TestKeptClusterPublisher(t *testing.T) {
	engine, nodes := servePresses(t, 1, 100, brokertest.Faults{}, ws.Options{})
	f := nodes[0].follows(t, "a")
	p := ws.NewPublisher(engine)
	eventually(t, "the link works", func() bool { return p.Stats().Cluster.Up })
	var want []string
	push := newNews(p, 100)
	for i := range 50 {
		want = append(want, fmt.Sprint(i))
		if _, err := push.In("a").Said(want[i]); err != nil {
			t.Error(err)
		}
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := p.Stats().History; n.Kept != 50 || n.KeepFailed != 0 {
		t.Errorf("%+v", n)
	}
	f.wantAll(want...)
	if _, err := push.In("a").Said("late"); !errors.Is(err, ws.ErrUnavailable) {
		t.Error(err)
	}
}

// plainBroker is a Broker that keeps nothing.
type plainBroker struct{ to broker.Broker }

func (b plainBroker) Open(name string, r broker.Receiver) (broker.Link, error) {
	l, err := b.to.Open(name, r)
	return struct{ broker.Link }{l}, err
}

// TestKeptInCluster: a node whose engine keeps nothing keeps nothing, and says so to who
// would follow; kept events are pushed as all others are.
func TestKeptInCluster(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{Cluster: ws.Cluster{Broker: plainBroker{memory.New()}}}, lobby(clients))
	push := newNews(s.Server, 10)
	m := members(t, s, clients, []string{"a"})[0]
	if err := push.Follow(m.client, "b"); !errors.Is(err, ws.ErrNoHistory) || !strings.Contains(err.Error(), "keeps none") || len(m.client.Rooms()) != 1 {
		t.Error(err)
	}
	if n, err := push.In("a").Said("1"); n != 1 || err != nil {
		t.Error(n, err)
	}
	m.want(`{"event":"said","data":"1"}`)
}

// TestKeptClusterStorm: links lose, delay and break, the engine does not answer or
// answers late, a node dies; and each follower gets all that is kept, once and in one
// order. What was acknowledged is there, and with a key it is there once.
func TestKeptClusterStorm(t *testing.T) {
	const followers, each = 6, 60
	faults := brokertest.Faults{
		Seed: uint64(time.Now().UnixNano()), Loss: 0.02, Silent: 0.02, Jitter: 2 * time.Millisecond, Slow: 2 * time.Millisecond,
		Unsure: 0.05, Unread: 0.1, Stale: 0.2, Every: 400 * time.Millisecond, Down: 20 * time.Millisecond,
	}
	t.Logf("seed %d", faults.Seed)
	_, nodes := servePresses(t, 3, 10_000, faults, ws.Options{})
	s := &keptStorm{t: t, nodes: nodes, acked: map[string]bool{}, there: map[int]net.Conn{}}
	var all []*nodeFollower
	for i := range followers {
		all = append(all, nodes[i%len(nodes)].follows(t, "a"))
	}
	var reading, pushing sync.WaitGroup
	for i := 0; i < len(all); i += len(nodes) {
		s.there[i] = all[i].conn
	}
	for i, f := range all {
		reading.Go(func() { s.read(f, i) })
	}
	for i := range nodes {
		pushing.Go(func() { s.pushAll(i, each) })
	}
	pushing.Go(func() {
		time.Sleep(500 * time.Millisecond)
		nodes[0].to.Cut() // and nobody hears of it any more
		s.die()
	})
	pushing.Wait()
	for _, n := range nodes[1:] {
		n.to.Set(brokertest.Faults{})
		n.to.Cut()
		n.to.Heal() // since then all ends are looked at, and not half a minute later
	}
	eventually(t, "the last one is kept", func() bool {
		_, err := nodes[1].push.Key("end").Across(t.Context(), nil).In("a").Said("end")
		return err == nil
	})
	reading.Wait()
	seen := map[string]int{}
	for i, f := range all {
		if f.lost > 0 || slices.Contains(f.recovered, "false") {
			t.Errorf("follower %d was told that something is lost, and all is kept: %d, %v", i, f.lost, f.recovered)
		}
		if !slices.Equal(f.said, all[0].said) {
			t.Errorf("follower %d has another order: %q, and %q", i, f.said, all[0].said)
		}
	}
	for _, text := range all[0].said {
		seen[text]++
	}
	for text, n := range seen {
		if n > 1 {
			t.Errorf("%s came %d times", text, n)
		}
	}
	for text := range s.acked {
		if seen[text] == 0 {
			t.Errorf("%s was acknowledged, and is not there", text)
		}
	}
	if len(s.acked) < 2*each {
		t.Errorf("%d acknowledged: that shows little", len(s.acked))
	}
	for _, n := range nodes {
		t.Logf("%+v, %+v", n.Stats().History, n.to.Counts())
	}
}

// keptStorm is what the goroutines of TestKeptClusterStorm share.
type keptStorm struct {
	t     *testing.T
	nodes []*pressNode

	mu    sync.Mutex
	dead  bool             // guarded by mu; node 0 is
	acked map[string]bool  // guarded by mu
	there map[int]net.Conn // guarded by mu; of followers that are connected to node 0
}

// die has node 0 be dead: who is connected there finds out.
func (s *keptStorm) die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
	for _, c := range s.there {
		_ = c.Close()
	}
}

func (s *keptStorm) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// pushAll pushes from a node, each again until it is acknowledged; a node that is dead
// pushes no more.
func (s *keptStorm) pushAll(node, each int) {
	for i := range each {
		text := fmt.Sprint(node, " ", i)
		for err := errors.New("not yet"); err != nil; {
			if node == 0 && s.isDead() {
				return
			}
			_, err = s.nodes[node].push.Key(text).Across(s.t.Context(), nil).In("a").Said(text)
			if err != nil && !errors.Is(err, ws.ErrUnavailable) && !errors.Is(err, ws.ErrUnsure) {
				s.t.Error(err)
				return
			}
			if err != nil {
				time.Sleep(5 * time.Millisecond)
			}
		}
		s.mu.Lock()
		s.acked[text] = true
		s.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
}

// read reads until the end. Now and then it connects to another node, and so does who
// was connected to the one that is dead.
func (s *keptStorm) read(f *nodeFollower, i int) {
	on := i % len(s.nodes)
	for heard := 1; !s.t.Failed(); heard++ {
		if n := len(f.said); n > 0 && f.said[n-1] == "end" {
			return
		}
		first, payload, err := f.peer.read()
		switch {
		case err != nil && (on != 0 || !s.isDead()):
			s.t.Error(err)
			return
		case err == nil && first == text:
			f.take(payload)
		}
		if err != nil || heard%(25+i) == 0 {
			on = 1 + (on+i)%2
			s.leaves(i)
			f.move(s.nodes[on])
		}
	}
}

// leaves notes that a follower is not connected to node 0.
func (s *keptStorm) leaves(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.there, i)
}

// take takes the text of a frame.
func (f *nodeFollower) take(payload []byte) {
	var m arrived
	if err := json.Unmarshal(payload, &m); err != nil {
		f.t.Error(err)
	}
	if m.Event == "$resume" {
		return
	}
	if m.Log != "" {
		f.at[m.Log] = m.At
	}
	f.step(m)
}

// move connects to a node and follows there, and does not wait for what that brings.
func (f *nodeFollower) move(n *pressNode) {
	_ = f.conn.Close()
	f.peer = n.dial(f.t, "/ws")
	data, _ := json.Marshal(f.at)
	f.send(`{"event":"$resume","id":"r","data":%s}`, data)
	f.send(`{"event":"open","id":7,"data":["a"]}`)
}

// TestKeptClusterStrangers: what makes no sense, or is of another release, and is kept
// all the same, reaches nobody, and nothing is missing behind it, live and later.
func TestKeptClusterStrangers(t *testing.T) {
	_, nodes := servePresses(t, 1, 100, brokertest.Faults{}, ws.Options{})
	n := nodes[0]
	f := n.follows(t, "a")
	other, err := n.to.Open("main", nobody{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(context.Background()) }()
	eventually(t, "its link works", func() bool { return other.(broker.Keeper).Declare(t.Context(), nil) == nil })
	push := cluster.Packet[uint64]{Kind: cluster.Push, From: 7, Target: cluster.ToRooms, Names: []string{"a"}, Log: "test.News", Payload: append([]byte{0x81, 7}, `"hello"`...)}
	keep := func(change func(*cluster.Packet[uint64])) {
		t.Helper()
		p := push
		change(&p)
		data, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if p.From == 0 {
			data = []byte("garbage")
		}
		for _, o := range other.(broker.Keeper).Keep(t.Context(), []broker.Kept{{
			Outgoing: broker.Outgoing{Channel: cluster.Room("a"), Data: data},
			Log:      broker.Log{Name: "test.News", Size: 100, TTL: time.Hour},
		}}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
		}
	}
	strange := func() {
		keep(func(p *cluster.Packet[uint64]) { p.From = 0 })
		keep(func(*cluster.Packet[uint64]) {}) // a text that is no object
		keep(func(p *cluster.Packet[uint64]) { p.Payload = append([]byte{0x81, 17}, `{"event":"$lost"}`...) })
		keep(func(p *cluster.Packet[uint64]) { p.Names = []string{"b"} })
		keep(func(p *cluster.Packet[uint64]) { p.Log = "" })
		keep(func(p *cluster.Packet[uint64]) { p.Kind = 99 })
	}
	strange()
	n.said(t, []string{"1"}, "a")
	f.wantAll("1")
	_ = f.conn.Close()
	strange()
	n.said(t, []string{"2"}, "a")
	strange()
	n.keptBy(t, 2)
	f.again(t, n, "a")
	f.wantRecovered("true")
	n.said(t, []string{"3"}, "a")
	f.wantAll("2", "3")
	f.quiet()
	if s := n.Stats(); s.Cluster.Malformed+s.Cluster.Unknown == 0 || f.lost > 0 || s.History.Resets > 0 {
		t.Errorf("%+v, %d lost", s, f.lost)
	}
}
