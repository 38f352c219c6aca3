package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
)

// TestClusterStorm pushes, joins, leaves and asks on three nodes whose links do what
// networks do: messages are lost, late and told so, links break, hang and come back.
// By each channel the pushes of a node come in its order and none twice, nobody hears
// what is not for them, what is lost is counted, questions end by their deadline, and
// afterwards everybody hears everything.
func TestClusterStorm(t *testing.T) {
	for _, x := range []struct {
		name   string
		faults brokertest.Faults
		breaks bool // links are cut and hang, too
		seeds  uint64
	}{
		{"delays", brokertest.Faults{Echo: true, Delay: 2 * time.Millisecond, Jitter: 40 * time.Millisecond, Slow: 20 * time.Millisecond}, false, 1},
		{"losses", brokertest.Faults{Loss: 0.05, Partial: 0.3, Jitter: 10 * time.Millisecond}, false, 1},
		{"breaks", brokertest.Faults{Echo: true, Jitter: 10 * time.Millisecond, Every: 3 * time.Second, Down: time.Second}, false, 1},
		{"everything", brokertest.Faults{Loss: 0.02, Partial: 0.1, Jitter: 20 * time.Millisecond, Slow: 20 * time.Millisecond, Every: 10 * time.Second, Down: time.Second}, true, 2},
	} {
		for seed := range x.seeds {
			t.Run(fmt.Sprint(x.name, seed), func(t *testing.T) {
				inCluster(t, 3, brokertest.Faults{}, ws.Options{OutboxFrames: 10_000, Cluster: ws.Cluster{Linger: 50 * time.Millisecond}}, func(c *clusterSite) {
					s := &storm{clusterSite: c, random: rand.New(rand.NewPCG(seed, 1)), lost: make(map[string]bool)}
					s.begin()
					for i, n := range c.nodes {
						f := x.faults
						f.Seed = seed*100 + uint64(i)
						n.to.Set(f)
					}
					s.blow(x.breaks)
					for _, n := range c.nodes {
						n.to.Heal()
						n.to.Set(brokertest.Faults{})
					}
					time.Sleep(15 * time.Second)
					s.end(x.faults.Loss > 0 || x.faults.Every > 0)
				})
			})
		}
	}
}

// storm is what TestClusterStorm has going on.
type storm struct {
	*clusterSite
	random  *rand.Rand
	ears    []*stormEar
	pushers []*stormPusher

	mu   sync.Mutex
	lost map[string]bool // guarded by mu; by the node that should have heard it, stream and number
}

// stormEar is a client that keeps a record.
type stormEar struct {
	t       *testing.T
	storm   *storm
	node    int
	member  member
	user    string
	rooms   []string
	churns  bool
	mu      sync.Mutex
	numbers map[string]int // by node and channel: the last push
	seqs    map[string]int // by node and stream
	out     bool
}

// stormPusher pushes from one node.
type stormPusher struct {
	node   int
	number int
	seqs   map[string]int
}

// The rooms and unions of a storm.
var stormRooms = []string{"a", "b", "c"}

func (s *storm) begin() {
	for node := range s.nodes {
		s.pushers = append(s.pushers, &stormPusher{node: node, seqs: make(map[string]int)})
		for i := range 4 {
			e := &stormEar{
				t: s.t, storm: s, node: node, user: fmt.Sprint("user", i%2), rooms: []string{stormRooms[i%3], stormRooms[(i+node+1)%3]},
				churns: i == 0, numbers: make(map[string]int), seqs: make(map[string]int), out: true,
			}
			e.member = s.member(node, e.user, e.rooms...)
			s.ears = append(s.ears, e)
			go e.listen()
		}
	}
}

// blow has everything happen for 8 s.
func (s *storm) blow(breaks bool) {
	var all sync.WaitGroup
	end := time.Now().Add(8 * time.Second)
	going := func(pause time.Duration) bool {
		time.Sleep(pause)
		return time.Now().Before(end)
	}
	for _, p := range s.pushers {
		all.Go(func() {
			for going(20 * time.Millisecond) {
				p.push(s, p.number%8)
			}
		})
		all.Go(func() {
			for going(100 * time.Millisecond) {
				s.ask(p.node)
			}
		})
	}
	for _, e := range s.ears {
		if e.churns {
			all.Go(func() {
				for going(20 * time.Millisecond) {
					_ = e.member.client.Emit("mark", "in")
					if err := e.member.client.Join("churn"); err != nil {
						s.t.Error(err)
					}
					e.member.client.Leave("churn")
					_ = e.member.client.Emit("mark", "out")
				}
			})
		}
	}
	if breaks {
		all.Go(func() {
			for going(2 * time.Second) {
				to := s.nodes[s.random.IntN(3)].to
				if s.random.IntN(2) == 0 {
					to.Cut()
				} else {
					to.Hang()
				}
				time.Sleep(time.Duration(s.random.IntN(3000)) * time.Millisecond)
				to.Heal()
			}
		})
	}
	all.Wait()
}

// push pushes to the i-th stream.
func (p *stormPusher) push(s *storm, i int) {
	n := s.nodes[p.node]
	p.number++
	var to ws.Target
	var stream string
	switch {
	case i < 3:
		stream, to = stormRooms[i], n.In(stormRooms[i])
	case i < 5:
		union := []string{stormRooms[i-3], stormRooms[i-2]}
		stream, to = strings.Join(union, "+"), n.In(union...)
	case i == 5:
		stream, to = "user1", n.Users("user1")
	case i == 6:
		stream, to = "all", n.All()
	default:
		stream, to = "churn", n.In("churn")
	}
	p.seqs[stream]++
	began := time.Now()
	if _, err := to.Emit("n", fmt.Sprintf("%d,%d,%s,%d", p.node, p.number, stream, p.seqs[stream])); err != nil {
		s.t.Error(err)
	}
	if took := time.Since(began); took > 0 {
		s.t.Errorf("a push has waited for %v", took)
	}
}

// ask asks all nodes, and has the answer by its deadline.
func (s *storm) ask(node int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	began := time.Now()
	var r ws.Reached
	count := s.nodes[node].All().Across(ctx, &r).Count()
	if took := time.Since(began); took > time.Second {
		s.t.Errorf("a question took %v", took)
	}
	if count != 4*r.Nodes || r.Nodes+len(r.Missing) > 3 {
		s.t.Errorf("%d connections on the nodes of %+v", count, r)
	}
}

// end pushes once more to everything, from all nodes, and sees that all have it, and
// that all that was lost is counted.
func (s *storm) end(losses bool) {
	for _, p := range s.pushers {
		for i := range 7 {
			p.push(s, i)
		}
	}
	time.Sleep(time.Second)
	for i, e := range s.ears {
		e.mu.Lock()
		for _, p := range s.pushers {
			for stream, seq := range p.seqs {
				_, hears := e.hears(stream)
				if has := e.seqs[fmt.Sprint(p.node, stream)]; hears && stream != "churn" && has != seq {
					s.t.Errorf("client %d has heard %d of %d of %s from node %d", i, has, seq, stream, p.node)
				}
			}
		}
		e.mu.Unlock()
	}
	s.mu.Lock()
	lost := uint64(len(s.lost))
	s.mu.Unlock()
	var one, outages uint64 // counted one by one, and breaks of links, which cost any number
	for _, n := range s.nodes {
		c := n.Stats().Cluster
		one += c.Lost + 2*(c.QueueLate+c.QueueShed+c.QueueRefused) // what has not left, two others have not heard
		outages += c.Outages + c.Resets
		if c.Malformed+c.Unknown > 0 || n.Stats().Shed > 0 || c.Waiting > 0 {
			s.t.Errorf("%+v", n.Stats())
		}
	}
	s.t.Logf("%d pushes lost; counted %d, and %d breaks", lost, one, outages)
	switch {
	case lost > one && outages == 0:
		s.t.Errorf("%d pushes were lost, and %d were counted", lost, one)
	case !losses && lost > 0:
		s.t.Errorf("%d pushes were lost, and nothing was broken", lost)
	case losses && lost == 0:
		s.t.Error("nothing was lost, so nothing was tested")
	}
}

// lose notes a push that a node has lost, once for all of its clients.
func (s *storm) lose(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost[what] = true
}

// hears reports whether a stream is for e, and by which channel its pushes come.
func (e *stormEar) hears(stream string) (channel string, ok bool) {
	for room := range strings.SplitSeq(stream, "+") {
		if slices.Contains(e.rooms, room) {
			return room, true
		}
	}
	return stream, stream == "all" || stream == e.user || stream == "churn" && e.churns
}

// listen notes what comes, until the connection ends.
func (e *stormEar) listen() {
	_ = e.member.peer.conn.SetDeadline(time.Time{})
	for {
		first, payload, err := e.member.peer.read()
		if err != nil {
			return
		}
		if first == ping {
			e.member.peer.raw(frame(pong, payload))
		}
		if first != text {
			continue
		}
		var m struct{ Event, Data string }
		if err := json.Unmarshal(payload, &m); err != nil {
			e.t.Errorf("%s: %v", payload, err)
			return
		}
		e.note(m.Event, m.Data)
	}
}

func (e *stormEar) note(event, data string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if event == "mark" {
		e.out = data == "out"
		return
	}
	var node, number, seq int
	parts := strings.Split(data, ",")
	if len(parts) != 4 {
		e.t.Errorf("%s %q", event, data)
		return
	}
	_, err := fmt.Sscan(parts[0]+" "+parts[1]+" "+parts[3], &node, &number, &seq)
	stream := parts[2]
	channel, hears := e.hears(stream)
	if err != nil || !hears || stream == "churn" && e.out {
		e.t.Errorf("%q came to %s, who is in %q: %v", data, e.user, e.rooms, err)
	}
	if last := e.numbers[fmt.Sprint(node, channel)]; number <= last {
		e.t.Errorf("%q came after %d of the same channel", data, last)
	}
	e.numbers[fmt.Sprint(node, channel)] = number
	key := fmt.Sprint(node, stream)
	if last := e.seqs[key]; stream != "churn" {
		for missed := last + 1; missed < seq; missed++ {
			e.storm.lose(fmt.Sprint(e.node, " ", key, " ", missed))
		}
	}
	e.seqs[key] = seq
}
