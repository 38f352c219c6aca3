package ws

import (
	"context"
	"log/slog"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file is about kept pushes that come from the cluster's engine, or are read there.

// said is what a kept push of the engine is, besides its history.Entry.
type said struct {
	event    string
	declared bool
	hub      hub.Arrived
}

// histories is a node's engine, as package history knows it, and takes from it what it
// has kept.
type histories struct {
	server *Server
	in     *cluster.Node
	odd    func(from uint64, err error) // told of what makes no sense
}

// begin has the engine keep what is kept, if it does that.
func (h *histories) begin() {
	if !h.there() {
		return
	}
	o := &h.server.opts.Cluster
	h.server.history.tails.KeptBy(h, history.RemoteOptions[*hub.Member]{
		CatchUps: o.MaxCatchUps, Recent: o.RecentBytes, Linger: o.Linger, Deliver: h.deliver,
	})
}

// there reports whether the engine keeps messages.
func (h *histories) there() bool { return h.in.Keeper() != nil }

// up takes that the link works, and may have been down before.
func (h *histories) up() {
	if h.there() {
		h.server.history.tails.Up()
		go h.declare(h.server.history.tails.Logs()...)
	}
}

// missed takes that messages of channels were lost, or of any if there are none.
func (h *histories) missed(channels []string) {
	if h.there() {
		h.server.history.tails.Missed(channels)
	}
}

// Channel implements history.Engine.
func (h *histories) Channel(k history.Key) string {
	if k.User {
		return cluster.User(k.Name)
	}
	return cluster.Room(k.Name)
}

// Want implements history.Engine.
func (h *histories) Want(channel string, settled func(live bool)) bool {
	return h.in.Interest().Want(channel, settled)
}

// Drop implements history.Engine.
func (h *histories) Drop(channel string) { h.in.Interest().Drop(channel) }

// Live implements history.Engine.
func (h *histories) Live(channel string) bool { return h.in.Interest().Live(channel) }

// Ends implements history.Engine.
func (h *histories) Ends(ctx context.Context, l *history.Log, channels []string) ([]history.Position, error) {
	ends, err := h.in.Keeper().Ends(ctx, broker.Log(*l), channels)
	if err != nil {
		return nil, err
	}
	all := make([]history.Position, len(ends))
	for i, at := range ends {
		all[i] = history.Position(at)
	}
	return all, nil
}

// Read implements history.Engine.
func (h *histories) Read(ctx context.Context, k history.Key, after history.Position, limit int) (history.Found, error) {
	channel := h.Channel(k)
	page, err := h.in.Keeper().Read(ctx, broker.Log(*k.Log), channel, broker.Position(after), limit)
	if err != nil {
		return history.Found{}, err
	}
	found := history.Found{Epoch: page.Epoch, Top: page.Top, Complete: page.Complete}
	var v cluster.View
	for _, d := range page.Entries {
		d.Channel = channel
		a := history.Arrival{Entry: &history.Entry{Offset: d.At.Offset, Prev: d.Prev}, Epoch: d.At.Epoch}
		if err := v.Parse(d.Data); err == nil {
			if of, arrival, ok := h.arrival(d, &v); ok && of == k {
				a = arrival
			}
		}
		found.Arrivals = append(found.Arrivals, a)
	}
	return found, nil
}

// declares has the engine know of a log, which is told of all with each Up.
func (h *histories) declares(l *history.Log) {
	if h.in.Numbers().Up {
		go h.declare(l)
	}
}

// declare says to the engine which logs there are. That is for errors in time: it makes
// a log also when something is kept there.
func (h *histories) declare(all ...*history.Log) {
	if !h.there() || len(all) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), declareTime)
	defer cancel()
	logs := make([]broker.Log, len(all))
	for i, l := range all {
		logs[i] = broker.Log(*l)
	}
	err := h.in.Keeper().Declare(ctx, logs)
	if err != nil && !steady.Is(err, broker.ErrDown) && !steady.Is(err, broker.ErrClosed) {
		h.server.logPeer(nil, slog.LevelError, "ws: the engine cannot keep what is to be kept, so kept pushes fail and nobody can catch up", "error", err)
	}
}

// declareTime is how long the engine may take for that.
const declareTime = 10 * time.Second

// kept takes a push that the engine has kept.
func (h *histories) kept(d broker.Delivery, v *cluster.View) {
	k, a, ok := h.arrival(d, v)
	if !ok { // who reads the history finds that it has its place there
		h.odd(v.From, cluster.ErrMalformed)
		return
	}
	h.server.history.tails.Arrived(k, a)
}

// arrival returns of which history a kept push is, and all that is needed of it; false
// if no node of ours sends that, or its channel is that of two names, and it is of the
// other one.
func (h *histories) arrival(d broker.Delivery, v *cluster.View) (k history.Key, a history.Arrival, ok bool) {
	if v.Kind != cluster.Push || v.Log == nil || !isEvent(frame.Payload(v.Payload)) {
		return k, a, false
	}
	k = history.Key{Log: h.server.history.tails.Log(string(v.Log)), User: v.Target == cluster.ToUsers, Name: string(v.Names.At(v.Place))}
	if k.Log == nil { // of an interface that this release does not have: nobody follows
		k.Log = &history.Log{Name: string(v.Log)}
	}
	if h.Channel(k) != d.Channel {
		return k, a, false
	}
	at := history.Position(d.At)
	e := &history.Entry{
		Frame: placed(v.Payload, k.ID(), at), Offset: at.Offset, Prev: d.Prev,
		Except: cluster.AppendIDs[uint64](nil, v.Except),
	}
	w := &said{
		event: string(v.Event), declared: v.Declared,
		hub: hub.Arrived{Place: v.Place, Overflow: hub.Overflow(v.Overflow), Deflate: h.server.deflated},
	}
	if !k.User && v.Names.Len() > 1 {
		w.hub.Rooms = union(v, k.Log, e)
	}
	return k, history.Arrival{Entry: e, Epoch: at.Epoch, Note: w}, true
}

// isEvent reports whether a text is one that a push has: an object, whose event is none
// of the protocol's own.
func isEvent(text []byte) bool {
	return len(text) > 2 && text[0] == '{' && text[len(text)-1] == '}' && envelope.Counts(text)
}

// union returns the rooms of a push to several, and notes in e where it is in the
// histories of those before its own.
func union(v *cluster.View, l *history.Log, e *history.Entry) (rooms []string) {
	for _, name := range v.Names.All() {
		rooms = append(rooms, string(name))
	}
	for i, text := range v.Places.All() {
		if at, ok := history.ParsePosition(string(text)); ok {
			e.Copies = append(e.Copies, history.Copy{Key: history.Key{Log: l, Name: rooms[i]}, At: at})
		}
	}
	return rooms
}

// deliver hands a kept push to the connections of this node. The lock of its
// history is held.
func (h *histories) deliver(k history.Key, a history.Arrival, f history.Followers[*hub.Member]) func() {
	w, s := a.Note.(*said), h.server
	sent := new(hub.Tally)
	s.hub.PushArrived(k, a.Entry, f, &w.hub, sent)
	return func() {
		s.pushed(w.event, w.declared, sent, false)
		s.tellSent(Sent{Event: w.event, Declared: w.declared, Outboxes: sent.Sent, Bytes: len(a.Entry.Frame), Remote: true})
	}
}
