package chat

import (
	"maps"
	"reflect"
	"slices"

	ws "github.com/wsgen/wsgen/runtime"
)

// mostRooms is of how many rooms one node tells others.
const mostRooms = 1000

// Part is who is on one node: each is the only one that knows.
type Part struct {
	Here  Here            `json:"here"`
	Rooms map[string]Here `json:"rooms"`
}

// Changed has something to receive when Part returns something else than before.
func (r *Roster) Changed() <-chan struct{} { return r.changed }

// mark says so, for callers that hold mu.
func (r *Roster) mark() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Part returns who is on this node.
func (r *Roster) Part() Part {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := Part{Here{len(r.here), r.here.people()}, map[string]Here{}}
	for room, members := range r.rooms {
		if len(p.Rooms) == mostRooms {
			break
		}
		p.Rooms[room] = Here{len(members), members.people()}
	}
	return p
}

// Other takes what another node says of its people, and tells the people here of what is new.
func (r *Roster) Other(node ws.NodeID, p Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.others[node]
	r.others[node] = p
	r.differ(before, p)
}

// Only forgets the people of all nodes but these.
func (r *Roster) Only(nodes []ws.NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for node, p := range r.others {
		if !slices.Contains(nodes, node) {
			delete(r.others, node)
			r.differ(p, Part{})
		}
	}
}

// differ tells the people here what has changed on another node, for callers that hold mu.
func (r *Roster) differ(before, after Part) {
	if !reflect.DeepEqual(before.Here, after.Here) {
		r.tellHere()
	}
	for room := range r.rooms {
		if !reflect.DeepEqual(before.Rooms[room], after.Rooms[room]) {
			r.tellRoom(room)
		}
	}
}

// parts returns those of other nodes, always in one order, for callers that hold mu.
func (r *Roster) parts() []Part {
	var all []Part
	for _, node := range slices.Sorted(maps.Keys(r.others)) {
		all = append(all, r.others[node])
	}
	return all
}
