package peer

import (
	"encoding/json"
	"maps"
)

// present is what a client is told of the room Seen.
type present struct {
	Full   bool
	Joined []struct {
		Key   string
		Metas []string
	}
	Left  []string
	Count int
}

// see takes what the client is told of who is in the room Seen.
func (c *Client) see(data []byte) {
	var p present
	if err := json.Unmarshal(data, &p); err != nil {
		c.Ledger.Wrong("I7: %s is told of people by %s: %v", c.Name, data, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.Full {
		c.sees = make(map[string]int)
	}
	if c.sees == nil {
		c.Ledger.Wrong("I7: %s is told of a change before it has a list: %s", c.Name, data)
		return
	}
	for _, one := range p.Joined {
		c.sees[one.Key] = len(one.Metas)
	}
	for _, key := range p.Left {
		delete(c.sees, key)
	}
	if len(c.sees) != p.Count {
		c.Ledger.Wrong("I7: %s knows %d people, and is told that there are %d", c.Name, len(c.sees), p.Count)
	}
}

// Sees returns who is in the room Seen, as the client was told, and by how many
// connections each.
func (c *Client) Sees() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.sees)
}
