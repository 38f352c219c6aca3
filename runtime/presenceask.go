package ws

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/presence"
)

// This file asks all nodes who is present in a room, and answers.

// ask asks all nodes who is in a room, and returns at most limit people, whether there
// are more, and who has not answered.
func (k *presenceKind) ask(ctx context.Context, room string, limit int) (people []presence.Person, more bool, missing []NodeID) {
	s := k.of.server
	by := make(map[string][]presence.Entry)
	gatherPeople(by, k.own(room))
	if n := s.node(); n != nil {
		t := s.In(room)
		t.across = &across{ctx, new(Reached)}
		answers, err := t.everyoneElse(cluster.Question, "", func(p *cluster.Packet[ConnID]) {
			p.Asks, p.Limit, p.Presence = cluster.AskPresence, uint64(limit), k.spec.Name
		})
		t.logUnsent(err)
		missing = n.absent(&answers)
		for _, id := range sortedKeys(answers.By) {
			entries, some, ok := readPresent(answers.By[id])
			if !ok {
				missing = append(missing, NodeID(id))
				continue
			}
			more = more || some
			gatherPeople(by, entries)
		}
		slices.Sort(missing)
	}
	keys := slices.Sorted(maps.Keys(by))
	if len(keys) > limit {
		keys, more = keys[:limit], true
	}
	for _, key := range keys {
		people = append(people, personOf(key, by[key]))
	}
	return people, more, missing
}

// gatherPeople adds connections to those of the same people.
func gatherPeople(by map[string][]presence.Entry, entries []presence.Entry) {
	for _, e := range entries {
		by[e.Key] = append(by[e.Key], e)
	}
}

// personOf returns who has these connections.
func personOf(key string, of []presence.Entry) presence.Person {
	slices.SortFunc(of, func(a, b presence.Entry) int { return cmp.Compare(a.Conn, b.Conn) })
	p := presence.Person{Key: key}
	for _, e := range of[:min(len(of), presence.MaxMetas)] {
		p.Metas = append(p.Metas, e.Meta)
	}
	return p
}

// own returns the connections of this node that are in a room.
func (k *presenceKind) own(room string) []presence.Entry {
	if r := k.room(room); r != nil {
		return r.own()
	}
	return nil
}

// answer returns the answer of this node: one byte, which says whether there are more,
// and entries.
func (p *presences) answer(v *cluster.View) []byte {
	answer := []byte{0}
	k := p.named(v.Presence)
	if k == nil {
		return answer
	}
	limit := int(min(v.Limit, maxMembers))
	seen := make(map[string]struct{})
	for _, e := range k.own(string(v.Names.At(0))) {
		if _, again := seen[e.Key]; !again && len(seen) == limit || len(answer) > maxMembersBytes {
			answer[0] = 1 // the rest has no room
			continue
		}
		seen[e.Key] = struct{}{}
		answer = presence.AppendEntry(answer, e)
	}
	return answer
}

// readPresent reads what answer has written; false for anything else.
func readPresent(from []byte) (all []presence.Entry, more, ok bool) {
	if len(from) == 0 || from[0] > 1 {
		return nil, false, false
	}
	all, ok = presence.ReadEntries(from[1:])
	return all, from[0] == 1, ok
}
