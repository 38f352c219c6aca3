package chat

import (
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Stage is the room of those who have appeared. Nobody joins it by name, and nobody is shown in it otherwise.
const Stage = "stage"

// Tab is one connection of somebody who has appeared: a tab of theirs.
type Tab struct {
	Name  string `json:"name"`
	Since string `json:"since"` // RFC 3339, UTC
}

// Crowd tells those who have appeared of each other, on all nodes: of a user once, with all their tabs.
//
//ws:push
type Crowd interface {
	// People is everybody who has appeared, and then each change. Who comes back soon was never gone.
	//
	//ws:presence max=500
	People(all ws.Present[Tab])
}

// Appear has all who have appeared see the caller, by the name that it said hello with, and has it see them.
//
//ws:subscribe appear
func (g *ChatGateway) Appear(c *ws.Client, s *Session) error {
	if s.name == "" {
		return ws.NewError(ws.CodeConflict, "say hello first")
	}
	return g.Crowd.Join(c, Stage, Tab{Name: s.name, Since: s.since.Format(time.RFC3339)})
}
