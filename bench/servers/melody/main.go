// Command melody serves melody with its default configuration; rooms are a
// filter over all sessions, which is what it offers.
package main

import (
	"encoding/json"
	"net/http"

	"github.com/olahol/melody"

	"github.com/wsgen/wsgen/bench/internal/peer"
)

// largest is the message size that every server here accepts.
const largest = 1 << 16

func main() {
	config := peer.Flags()
	m := melody.New()
	m.Config.MaxMessageSize = largest
	m.HandleMessage(func(s *melody.Session, message []byte) { handle(m, s, message) })
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = m.HandleRequest(w, r) })
	peer.Serve(config, "github.com/olahol/melody", serve, func(room string, size int) error {
		message, err := peer.Encode("tick", peer.Tick(size))
		if err != nil {
			return err
		}
		return broadcast(m, room, message)
	})
}

func handle(m *melody.Melody, s *melody.Session, message []byte) {
	switch {
	case len(message) > 10 && message[10] == 'j':
		var in struct {
			Data struct {
				Room string `json:"room"`
			} `json:"data"`
		}
		if json.Unmarshal(message, &in) == nil {
			s.Set("room", in.Data.Room)
		}
	case len(message) > 10 && message[10] == 's':
		room, _ := s.Get("room")
		if answer, err := peer.Twice(message); err == nil {
			_ = broadcast(m, room.(string), answer)
		}
	default:
		_ = s.Write(message)
	}
}

// broadcast writes to the sessions in room, or to all if room is "".
func broadcast(m *melody.Melody, room string, message []byte) error {
	if room == "" {
		return m.Broadcast(message)
	}
	return m.BroadcastFilter(message, func(s *melody.Session) bool {
		in, _ := s.Get("room")
		return in == room
	})
}
