// Package board is the gateway that the benchmark of clients generates clients for:
// twelve events, as a small application has them. Nothing serves it.
package board

import (
	"context"
	"iter"

	ws "github.com/wsgen/wsgen/runtime"
)

//go:generate go tool wsgen ../../...

// Line is a line on a board.
type Line struct {
	Author string `json:"author"`
	Text   string `json:"text"`
	At     int64  `json:"at"` // milliseconds since 1970
	Number int    `json:"number"`
}

// Place is where a line stands.
type Place struct {
	Board  string `json:"board"`
	Number int    `json:"number"`
}

// Mood is how somebody feels about a line.
type Mood string

// The moods.
const (
	Glad Mood = "glad"
	Sad  Mood = "sad"
)

// Reaction is somebody's mood about a line.
type Reaction struct {
	Place Place `json:"place"`
	Mood  Mood  `json:"mood"`
}

// Board takes lines.
//
//ws:gateway /board
type Board struct{ Push ws.Push[Events] }

// Events are what everybody hears.
//
//ws:push
type Events interface {
	// Added is a new line.
	Added(line Line) (int, error)
	// Typing says who writes.
	Typing(author string) (int, error)
}

// Start has lines come.
//
//ws:subscribe start
func (b *Board) Start(lines int) (int, error) { return b.Push.All().Added(Line{Number: lines}) }

// Write writes a line.
//
//ws:subscribe write
func (b *Board) Write(line Line) (int, error) { return b.Push.All().Added(line) }

// Edit changes a line.
//
//ws:subscribe edit
func (b *Board) Edit(place Place, text string) (Line, error) {
	return Line{Number: place.Number, Text: text}, nil
}

// Erase takes a line away.
//
//ws:subscribe erase
func (b *Board) Erase(Place) error { return nil }

// React says how somebody feels.
//
//ws:subscribe react
func (b *Board) React(Reaction) error { return nil }

// Pin has a line stay on top.
//
//ws:subscribe pin
func (b *Board) Pin(place Place, on bool) error { return nil }

// Typing says that somebody writes.
//
//ws:subscribe typing
func (b *Board) Typing(author string) (int, error) { return b.Push.All().Typing(author) }

// Join enters a board.
//
//ws:subscribe join
func (b *Board) Join(c *ws.Client, board string) error { return c.Join(board) }

// Leave leaves a board.
//
//ws:subscribe leave
func (b *Board) Leave(c *ws.Client, board string) { c.Leave(board) }

// Search finds lines.
//
//ws:subscribe search
func (b *Board) Search(_ context.Context, text string, most int) ([]Line, error) { return nil, nil }

// History is all lines, from a number on.
//
//ws:subscribe history
func (b *Board) History(_ context.Context, from int) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) { yield(Line{Number: from}, nil) }
}

// Count is how many lines there are.
//
//ws:subscribe count
func (b *Board) Count() int { return 0 }
