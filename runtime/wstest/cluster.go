package wstest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

// Run returns n Servers that are the nodes of one cluster and know each other. They
// are in this process, and hear each other without a port. Give each of them
// gateways of its own, as in production, and Dial those. When the test ends they are
// shut down, and what they have begun is waited for.
//
//	nodes := wstest.Run(t, 3)
//
// Without options the nodes have the defaults. One Options is for all nodes; n are
// for one node each. Some of them have another default here:
//
//   - Cluster.Broker: package memory, one for all nodes.
//   - Cluster.Node: "node-1", "node-2" and so on.
//   - Logger: the test's output, which is seen when the test fails, with the name of
//     the node as "of".
//
// To take a node's link away, give each node a Broker of its own to one engine: a
// memory.Node can be cut off and healed, and what brokertest.Faulty returns can also
// hang, and lose and delay messages. They must work until Run has returned; one that
// is cut off when the test ends loses what it has not sent.
//
// Run goes with testing/synctest: call it in the bubble, and make the Brokers there,
// too. Until the nodes know each other takes a quarter of a second at most, of the
// bubble's time in a bubble. Run fails the test if it takes 10 s, or if a Server takes
// longer than that to end.
func Run(t testing.TB, n int, each ...ws.Options) []*ws.Server {
	t.Helper()
	if n < 1 || len(each) > 1 && len(each) != n {
		t.Fatalf("wstest: %d nodes have %d Options: give none, one for all, or one for each", n, len(each))
	}
	c := &nodes{t: t, engine: memory.New(), news: make(chan struct{}, 1), out: output{to: t.Output}}
	for i := range n {
		o := ws.Options{}
		if len(each) > 0 {
			o = each[min(i, len(each)-1)]
		}
		c.open(i, o)
	}
	t.Cleanup(c.end)
	c.meet()
	return slices.Clone(c.all)
}

// nodes are what one Run has begun.
type nodes struct {
	t      testing.TB
	engine *memory.Broker
	all    []*ws.Server
	names  []string
	guests []bool // they only publish, and so are no members

	news chan struct{} // something has changed; it has room for one
	out  output
}

// open makes a node.
func (c *nodes) open(i int, o ws.Options) {
	if o.Cluster.Broker == nil {
		o.Cluster.Broker = c.engine
	}
	o.Cluster.Node = cmp.Or(o.Cluster.Node, fmt.Sprintf("node-%d", i+1))
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(&c.out, nil)).With("of", o.Cluster.Node)
	}
	o.Observer = o.Observer.And(ws.Observer{Cluster: func(ws.ClusterEvent) {
		select {
		case c.news <- struct{}{}:
		default:
		}
	}})
	c.names, c.guests = append(c.names, o.Cluster.Node), append(c.guests, o.Cluster.PublishOnly)
	c.all = append(c.all, ws.NewServer(o))
}

// meet waits until all nodes know each other.
func (c *nodes) meet() {
	c.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		strange := c.strangers()
		if len(strange) == 0 {
			return
		}
		select {
		case <-c.news:
		case <-timer.C:
			c.t.Fatalf("wstest: after %v the nodes do not know each other:\n%s", patience, strings.Join(strange, "\n"))
		}
	}
}

// strangers says which nodes have no link, and who does not know whom.
func (c *nodes) strangers() (all []string) {
	for i, s := range c.all {
		if !s.Stats().Cluster.Up {
			all = append(all, c.names[i]+" has no link to the engine")
			continue
		}
		if c.guests[i] {
			continue
		}
		known := s.Nodes()
		for k, other := range c.all {
			if c.guests[k] {
				continue
			}
			id := other.Nodes()[0].ID
			if !slices.ContainsFunc(known, func(n ws.Node) bool { return n.ID == id }) {
				all = append(all, c.names[i]+" does not know "+c.names[k])
			}
		}
	}
	return all
}

// cutPatience is how long a node that is cut off has for its end. It has nobody to
// say it to.
const cutPatience = 100 * time.Millisecond

// end ends all nodes at once.
func (c *nodes) end() {
	c.t.Helper()
	errs := make([]error, len(c.all))
	var ending sync.WaitGroup
	for i, s := range c.all {
		ending.Go(func() {
			within, up := patience, s.Stats().Cluster.Up
			if !up {
				within = cutPatience
			}
			ctx, cancel := context.WithTimeout(context.Background(), within)
			defer cancel()
			if err := s.Shutdown(ctx); up {
				errs[i] = err
			}
		})
	}
	ending.Wait()
	c.out.close()
	for i, err := range errs {
		if err != nil {
			c.t.Errorf("wstest: %s does not end: %v", c.names[i], err)
		}
	}
}

// output is a test's output until it is closed: a test that has ended takes none.
type output struct {
	to func() io.Writer

	mu     sync.Mutex
	closed bool // guarded by mu
}

// Write implements io.Writer.
func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return len(line), nil
	}
	return o.to().Write(bytes.Clone(line))
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}
