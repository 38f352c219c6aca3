package chat

import (
	"context"

	ws "github.com/wsgen/wsgen/runtime"
)

// Questions are what one tab is asked.
//
//ws:ask
type Questions interface {
	// Confirm asks the person before the tab, who says yes or no.
	Confirm(ctx context.Context, q Question) (bool, error)
}

// Question is what a person reads.
type Question struct {
	By   string `json:"by"` // the user who asks
	Text string `json:"text"`
}

// Find returns the connection of the first who came by a name. People of another node are not found:
// only their own node can ask them.
func (r *Roster) Find(name string) (ws.ConnID, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.here {
		if p.person.Name == name {
			return p.conn, nil
		}
	}
	for _, p := range r.parts() {
		for _, there := range p.Here.People {
			if there.Name == name {
				return 0, ws.NewError(ws.CodeUnavailable, "they are at another node, and only that can ask them")
			}
		}
	}
	return 0, ws.NewError(ws.CodeNotFound, "nobody goes by that name")
}
