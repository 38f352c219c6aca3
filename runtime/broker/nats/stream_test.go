package natsbroker

import (
	"testing"

	"github.com/wsgen/wsgen/runtime/broker"
)

// TestKeptMeanwhile: a stream has lost its newest messages if the leader does not have
// what was kept before it was asked, and not if only what was kept since is missing.
func TestKeptMeanwhile(t *testing.T) {
	s := new(stream)
	s.keeps(broker.Position{Epoch: "E", Offset: 10})
	before := s.seen()
	s.keeps(broker.Position{Epoch: "E", Offset: 11})
	for last, lost := range map[uint64]bool{9: true, 10: false, 11: false} {
		if is := s.hasLost(facts{epoch: "E", last: last}, before); is != lost {
			t.Errorf("the leader has %d, and 10 was kept before it was asked: lost %v", last, is)
		}
	}
	if s.hasLost(facts{epoch: "F", last: 1}, before) {
		t.Error("another epoch has lost something")
	}
	s.newest.lost = true
	if !s.hasLost(facts{epoch: "E", last: 20}, before) {
		t.Error("another message was heard where there had been one, and nothing is lost")
	}
}
