package main

import (
	"fmt"
	"maps"
	"time"
)

// How soon behind the last fault all nodes know who is there: usually, and after
// messages were lost of which nobody was told.
const (
	knownWithin  = 10 * time.Second
	foundWithin  = 75 * time.Second
	silentlyLost = "servers cut off from each other"
)

// people is I7: all nodes know the same people, who are there, and so do all clients.
func (w *World) people() {
	within := knownWithin
	w.mu.Lock()
	for _, f := range w.faults {
		if f.What == silentlyLost {
			within = foundWithin
		}
	}
	w.mu.Unlock()
	var wrong []string
	if err := w.Until("", within, func() bool {
		w.Look(false)
		wrong = w.wrongPeople()
		return len(wrong) == 0
	}); err == nil {
		return
	}
	for _, what := range wrong {
		w.Problem("I7: after %v %s", within, what)
	}
}

// wrongPeople returns who knows others than there are, at most ten. A node without
// clients in the room knows nobody.
func (w *World) wrongPeople() (wrong []string) {
	there, at := make(map[string]int), make(map[string]bool)
	for _, c := range w.Clients {
		if c.At() != "" && !c.Deaf && !c.Churns {
			there[c.User]++
			at[c.At()] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.Nodes {
		if life := m.Life(); life != nil && at[life.ID] && !maps.Equal(life.Report.People, there) {
			wrong = append(wrong, fmt.Sprintf("%v knows %v, and there are %v", life, life.Report.People, there))
		}
	}
	for _, c := range w.Clients {
		if c.At() == "" || c.Deaf || c.Churns || len(wrong) == 10 {
			continue
		}
		if sees := c.Sees(); !maps.Equal(sees, there) {
			wrong = append(wrong, fmt.Sprintf("%s was told of %v, and there are %v", c.Name, sees, there))
		}
	}
	return wrong
}
