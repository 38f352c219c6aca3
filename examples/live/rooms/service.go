// Package rooms is a chat whose service keeps the Senders it needs itself, at /rooms.
package rooms

import (
	"errors"
	"sync"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// updateEvery is the time between two heartbeats of SubscribeUpdates.
const updateEvery = time.Second

// ChatService serves /rooms to anonymous clients. Safe for concurrent use.
//
//ws:gateway /rooms
//ws:public
type ChatService struct {
	mu         sync.Mutex
	members    map[string]map[ws.Sender]struct{} // by room; guarded by mu
	joined     map[ws.Sender]map[string]struct{} // the same, by sender; guarded by mu
	subscribed map[ws.Sender]struct{}            // guarded by mu
}

// NewChatService returns a service without rooms.
func NewChatService() *ChatService {
	return &ChatService{
		members:    map[string]map[ws.Sender]struct{}{},
		joined:     map[ws.Sender]map[string]struct{}{},
		subscribed: map[ws.Sender]struct{}{},
	}
}

// JoinRoom stores the sender as a member of room.
//
//ws:subscribe join_room
func (s *ChatService) JoinRoom(sender ws.Sender, room string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(s.members, room, sender)
	add(s.joined, sender, room)
	return "Joined room"
}

type broadcast struct {
	Type string `json:"type"`
	Msg  string `json:"msg"`
}

// Broadcast sends message to every stored sender of room. A sender that is closed is forgotten; a
// member whose outbox is full misses this message.
//
//ws:subscribe broadcast
func (s *ChatService) Broadcast(room, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sender := range s.members[room] {
		if err := sender.SendJSON(broadcast{Type: "broadcast", Msg: message}); errors.Is(err, ws.ErrClosed) {
			s.forget(sender)
		}
	}
}

// Left forgets a connection that ended, so that rooms nobody speaks in do not keep it.
//
//ws:disconnect
func (s *ChatService) Left(c *ws.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(c.Sender())
}

type heartbeat struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
}

// SubscribeUpdates sends a heartbeat every second from now on until the connection is gone.
// Subscribing twice changes nothing.
//
//ws:subscribe subscribe_updates
func (s *ChatService) SubscribeUpdates(sender ws.Sender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.subscribed[sender]; ok {
		return
	}
	s.subscribed[sender] = struct{}{}
	go s.sendUpdates(sender)
}

func (s *ChatService) sendUpdates(sender ws.Sender) {
	tick := time.NewTicker(updateEvery)
	defer tick.Stop()
	for {
		select {
		case <-sender.Done():
			s.mu.Lock()
			delete(s.subscribed, sender)
			s.mu.Unlock()
			return
		case now := <-tick.C:
			// A full outbox sheds this heartbeat; the next one is a second away.
			_ = sender.SendJSON(heartbeat{Type: "heartbeat", Timestamp: now.UTC().Format(time.RFC3339)})
		}
	}
}

// forget removes sender from every room. The caller holds mu.
func (s *ChatService) forget(sender ws.Sender) {
	for room := range s.joined[sender] {
		delete(s.members[room], sender)
		if len(s.members[room]) == 0 {
			delete(s.members, room)
		}
	}
	delete(s.joined, sender)
}

func add[K, V comparable](sets map[K]map[V]struct{}, key K, value V) {
	if sets[key] == nil {
		sets[key] = map[V]struct{}{}
	}
	sets[key][value] = struct{}{}
}
