package ws_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

// onlooker is a client that reads what it is told of a room on a goroutine of its own.
type onlooker struct {
	client *ws.Client
	user   string

	mu     sync.Mutex
	people map[string][]card // guarded by mu
	wrong  string            // guarded by mu
}

// look reads until the socket is closed.
func (o *onlooker) look(p *peer) {
	for {
		first, payload, err := p.read()
		if err != nil {
			return
		}
		var m struct {
			Event string
			Data  ws.Present[card]
		}
		if first == text && json.Unmarshal(payload, &m) == nil && m.Event == "here" {
			o.take(&m.Data)
		}
	}
}

func (o *onlooker) take(d *ws.Present[card]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d.Full || o.people == nil {
		o.people = make(map[string][]card)
	}
	for _, p := range d.Joined {
		o.people[p.Key] = p.Metas
	}
	for _, key := range d.Left {
		delete(o.people, key)
	}
	if len(o.people) != d.Count && o.wrong == "" {
		o.wrong = fmt.Sprintf("knows %v, and there are %d", o.people, d.Count)
	}
}

func (o *onlooker) list() (list, wrong string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return listOf(o.people), o.wrong
}

// TestPresenceChurn: while people of three nodes come, go and say something else all at
// once, over links that lose messages and break, each client's list is one that its
// numbers fit; and afterwards all clients and all nodes know the same.
func TestPresenceChurn(t *testing.T) {
	engine := memory.New()
	var nodes []*house
	var all []*onlooker
	var peers []*peer
	var links []*brokertest.FaultyBroker
	var reads sync.WaitGroup
	for i := range 3 {
		h, clients := new(house), make(chan *ws.Client, 1)
		link := brokertest.Faulty(engine, brokertest.Faults{
			Seed: uint64(i), Loss: 0.02, Jitter: 3 * time.Millisecond, Every: 500 * time.Millisecond, Down: 100 * time.Millisecond,
		})
		s := serve(t, ws.Options{Cluster: ws.Cluster{Broker: link, Node: fmt.Sprint("node ", i)}}, h.gateway(clients))
		h.here = ws.NewPresence(s.Server, spec(ws.PresenceSpec{Linger: 20 * time.Millisecond}), writeCard, readCard)
		nodes = append(nodes, h)
		for range 8 {
			user := fmt.Sprint("user", rand.IntN(6))
			p := s.dial(t, "/ws?access_token="+user)
			o := &onlooker{client: <-clients, user: user}
			all = append(all, o)
			peers = append(peers, p)
			reads.Go(func() { o.look(p) })
		}
		links = append(links, link)
	}
	t.Cleanup(func() {
		for _, p := range peers {
			_ = p.conn.Close()
		}
		reads.Wait()
	})
	var churn sync.WaitGroup
	for i, o := range all {
		here := nodes[i/8].here
		random := rand.New(rand.NewPCG(7, uint64(i)))
		churn.Go(func() {
			for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(time.Duration(random.IntN(int(3 * time.Millisecond)))) {
				var err error
				switch c := (card{Name: fmt.Sprint(random.IntN(3))}); random.IntN(6) {
				case 0, 1:
					err = here.Join(o.client, "kitchen", c)
				case 2, 3:
					_ = here.Set(o.client, "kitchen", c) // it may not be there
				case 4:
					here.Leave(o.client, "kitchen")
				case 5:
					o.client.Leave("kitchen")
				}
				if err != nil {
					t.Error(err)
				}
				here.In("kitchen")
			}
		})
	}
	churn.Wait()
	for _, link := range links {
		link.Set(brokertest.Faults{})
	}
	want := map[string][]card{}
	for i, o := range all {
		c := card{Name: fmt.Sprint("client ", i)}
		want[o.user] = append(want[o.user], c)
		if err := nodes[i/8].here.Join(o.client, "kitchen", c); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all know the same", func() bool {
		for _, h := range nodes {
			people := make(map[string][]card)
			for _, x := range h.here.In("kitchen").Joined {
				people[x.Key] = x.Metas
			}
			if !sameCards(people, want) {
				return false
			}
		}
		for _, o := range all {
			o.mu.Lock()
			same := sameCards(o.people, want)
			o.mu.Unlock()
			if !same {
				return false
			}
		}
		return true
	})
	for i, o := range all {
		if _, wrong := o.list(); wrong != "" {
			t.Errorf("client %d %s", i, wrong)
		}
	}
}

// sameCards compares people, whose connections are in the order of ids: those of other
// nodes begin with other digits.
func sameCards(a, b map[string][]card) bool {
	return maps.EqualFunc(a, b, func(a, b []card) bool {
		names := func(of []card) (all []string) {
			for _, c := range of {
				all = append(all, c.Name)
			}
			slices.Sort(all)
			return all
		}
		return slices.Equal(names(a), names(b))
	})
}
