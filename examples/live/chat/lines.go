package chat

import (
	"errors"
	"slices"

	ws "github.com/wsgen/wsgen/runtime"
)

// Book is the room of those who follow what is said to everyone. Nobody joins it by name, and nobody is
// shown in it.
const Book = "book"

// Lines are what is said to everyone once more, for who follows it: each message comes once and in order,
// also to who was away, or reads slowly. Others hear of it by Events alone.
//
//ws:push
//ws:history size=256 ttl=1h
type Lines interface {
	// Recorded is a message that was stored.
	//
	//ws:kept
	Recorded(m ChatMessage) error
}

// Follow has the caller follow what is said to everyone, from now on, or from where it says by $resume that
// it was. It is refused on a node of a cluster whose engine keeps nothing.
//
//ws:subscribe follow
func (g *ChatGateway) Follow(c *ws.Client) error {
	err := g.Lines.Follow(c, Book)
	if errors.Is(err, ws.ErrNoHistory) {
		return ws.NewError(ws.CodeUnavailable, "there is nothing to follow on this node")
	}
	return err
}

// rooms are those that a connection is in and others see it in.
func rooms(c *ws.Client) []string {
	return slices.DeleteFunc(c.Rooms(), func(room string) bool { return room == Book || room == Stage })
}
