package app

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/share"
	ws "github.com/wsgen/wsgen/runtime"
)

const (
	// lookEvery is the time between two looks at which nodes there are.
	lookEvery = 250 * time.Millisecond
	// repeatEvery is the time after which other nodes are told the same again, of which they may have
	// lost something.
	repeatEvery = 2 * time.Second
	// mostHistory is how many bytes of the history a node gets that has none.
	mostHistory = 256 << 10
)

// Nodes is what this node tells others, and what it tells its people of them. Alone it does nothing.
type Nodes struct {
	Given  Given
	Server *ws.Server
	Fleet  *chat.Fleet
	Roster *chat.Roster
	Rooms  *chat.RoomService
}

// Kinds of messages between nodes.
const (
	people  = "people"  // a chat.Part
	message = "message" // a chat.ChatMessage
	wanted  = "wanted"  // asks for history
	history = "history" // messages, oldest first
)

// Run does so until ctx ends.
func (n *Nodes) Run(ctx context.Context) {
	cluster := n.Given.Cluster
	if cluster.Broker == nil {
		return
	}
	var link *share.Link
	link = share.New(n.Server.Nodes()[0].ID, func(m share.Message) { n.heard(link, m) }, func() {
		link.Tell(wanted, nil)
		link.Tell(people, n.Roster.Part())
	})
	n.Rooms.Share(func(m chat.ChatMessage) { link.Tell(message, m) })
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { link.Run(ctx, cluster.Broker) })
	look, repeat := time.NewTicker(lookEvery), time.NewTicker(repeatEvery)
	defer look.Stop()
	defer repeat.Stop()
	for {
		n.look()
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-n.Roster.Changed():
			link.Tell(people, n.Roster.Part())
		case <-repeat.C:
			link.Tell(people, n.Roster.Part())
		}
	}
}

// heard takes what another node tells. It is called for one message at a time.
func (n *Nodes) heard(link *share.Link, m share.Message) {
	var err error
	switch m.Kind {
	case people:
		var p chat.Part
		if err = json.Unmarshal(m.Data, &p); err == nil {
			n.Roster.Other(m.From, p)
		}
	case message:
		var said chat.ChatMessage
		if err = json.Unmarshal(m.Data, &said); err == nil {
			n.Rooms.Store(said)
		}
	case wanted:
		if said := newest(n.Rooms.History()); len(said) > 0 {
			link.Tell(history, said)
		}
		link.Tell(people, n.Roster.Part())
	case history:
		var said []chat.ChatMessage
		if err = json.Unmarshal(m.Data, &said); err == nil {
			n.Rooms.Adopt(said)
		}
	}
	if err != nil {
		slog.Warn("a message of another node makes no sense", "node", m.From, "kind", m.Kind, "error", err)
	}
}

// newest returns as many of the newest messages as may be sent at once.
func newest(all []chat.ChatMessage) []chat.ChatMessage {
	size := 0
	for i, m := range slices.Backward(all) {
		if size += 64 + 2*(len(m.Author)+len(m.Text)+len(m.User)); size > mostHistory {
			return all[i+1:]
		}
	}
	return all
}

// look tells people which nodes there are, and forgets those of nodes that are gone.
func (n *Nodes) look() {
	heartbeat := cmp.Or(n.Given.Cluster.Heartbeat, 2*time.Second)
	told := chat.Nodes{Up: n.Server.Stats().Cluster.Up}
	var ids []ws.NodeID
	for i, node := range n.Server.Nodes() {
		ids = append(ids, node.ID)
		if i == 0 {
			told.Self = node.Name
		}
		state := "up"
		switch {
		case node.Draining:
			state = "draining"
		case time.Since(node.Heard) > 2*heartbeat:
			state = "silent"
		}
		told.Nodes = append(told.Nodes, chat.Node{Addr: node.Name, Connections: node.Connections, State: state})
	}
	slices.SortFunc(told.Nodes, func(a, b chat.Node) int { return cmp.Compare(a.Addr, b.Addr) })
	n.Fleet.Tell(told)
	n.Roster.Only(ids)
}

// leads reports whether of all nodes this one does what only one shall do. When nodes do not hear each
// other several do.
func leads(s *ws.Server) bool {
	nodes := s.Nodes()
	self := nodes[0]
	return !slices.ContainsFunc(nodes[1:], func(n ws.Node) bool { return n.ID < self.ID && !n.Draining }) && !self.Draining || len(nodes) == 1
}
