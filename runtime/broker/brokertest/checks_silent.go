package brokertest

import (
	"fmt"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file checks what a Keeper says of channels in which nothing is kept.

// checkKeepSilent asks two nodes for the ends of channels in which nothing was ever kept,
// while other channels of the log are busy. Wherever one of them says that a channel
// ends, the other one, which knows an earlier end, finds out that nothing is missing up
// to there. And no message is given a place up to which nothing was said to be.
func checkKeepSilent(s *suite) {
	const channels, rounds = 6, 8
	busy, here, there := s.openKeeper(), s.openKeeper(), s.openKeeper()
	stop := s.busily(func(i int) {
		_ = busy.keeper().Keep(s.ctx, kept(chat, fmt.Sprint("r.busy", i%3), fmt.Sprint("busy ", i)))
	})
	for c := range channels {
		channel := fmt.Sprint("r.silent", c)
		begin := here.ends(chat, channel)[0]
		places := []broker.Position{begin}
		for range rounds {
			place := there.ends(chat, channel)[0]
			s.comes(fmt.Sprintf("nothing up to %+v of %s behind %+v", place, channel, begin), func() bool {
				top := here.readsNothing(channel, begin)
				places = append(places, top)
				return top.Offset >= place.Offset
			})
			// Who goes on at a place, here or there, does not get behind it.
			for _, n := range []*node{here, there} {
				places = append(places, n.readsNothing(channel, place))
			}
			places = append(places, place)
			s.pause()
		}
		first := there.keepAnyway(chat, channel, "first")
		for _, at := range places {
			if at.Epoch != first.Epoch || at.Offset >= first.Offset {
				s.Fatalf("nothing was said to be up to %+v of %s, and a message was kept at %+v", at, channel, first)
			}
			s.comes(fmt.Sprintf("the first message of %s behind %+v", channel, at), func() bool {
				return len(here.readAll(chat, channel, at, 10)) == 1
			})
		}
	}
	stop()
}

// readsNothing reads behind a place where nothing is kept, and returns up to where that
// is said to be so.
func (n *node) readsNothing(channel string, after broker.Position) broker.Position {
	n.Helper()
	page := n.read(chat, channel, after, 10)
	if !page.Complete || len(page.Entries) > 0 || page.Epoch != after.Epoch || page.Top < after.Offset {
		n.Fatalf("node %d: Read of %s, in which nothing was ever kept, behind %+v: %+v", n.number, channel, after, page)
	}
	return broker.Position{Epoch: page.Epoch, Offset: page.Top}
}
