package main

import (
	"strings"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// marked is the data of a message that is kept.
var marked = `{"at":1000000000000001,"by":0,"text":"` + strings.Repeat("x", 100) + `#"}`

// recovering returns a client with one connection that waits for an answer and three
// messages.
func recovering(central bool, waiting *int, last *int64) *client {
	c := &client{conns: []conn{{fd: -1, state: open, central: central, left: 4}}, log: "abcdefghijk"}
	if central {
		c.conns[0].left--
	}
	c.dial.begun = []int64{0}
	c.dial.task.Each = 3
	c.job.came = c.awaited(waiting, last)
	return c
}

// TestFollowCounts: messages are counted once however many stand in a frame, and
// however the stream is cut; a connection is done when it has all of them, and the
// answer.
func TestFollowCounts(t *testing.T) {
	kept := `{"event":"kept","data":` + marked + `,"log":"abcdefghijk","at":"e.7"}`
	publication := `{"data":` + marked + `,"offset":7}`
	apart := sent(frame.Text, []byte(`{"event":"$resume","id":1,"data":null}`))
	for _, text := range []string{`{"event":"$joined","data":{"log":"abcdefghijk","at":"e.4","recovered":true}}`, kept, kept, kept, `{"event":"join","id":2,"data":null}`} {
		apart = append(apart, sent(frame.Text, []byte(text))...)
	}
	together := sent(frame.Text, []byte(`{"id":1,"connect":{"client":"a"}}`+"\n"+`{"id":2,"subscribe":{"publications":[`+publication+`,`+publication+`,`+publication+`],"recovered":true}}`))
	for name, stream := range map[string][]byte{"apart": apart, "together": together} {
		for _, most := range []int{1, 7, 100, len(stream)} {
			waiting, last := 1, int64(0)
			c := recovering(name == "together", &waiting, &last)
			for i := 0; i < len(stream); i += most {
				if waiting == 0 && name == "apart" {
					t.Errorf("%s by %d: done before the answer", name, most)
				}
				c.take(0, stream[i:min(i+most, len(stream))])
			}
			if waiting != 0 || last == 0 || c.failure != nil || c.frames != 0 || c.seen.Total() != 1 {
				t.Errorf("%s by %d: %d waiting, last %d, %v, %d frames", name, most, waiting, last, c.failure, c.frames)
			}
			if c.take(0, sent(frame.Text, []byte(kept))); c.failure == nil {
				t.Errorf("%s by %d: nobody minds a fourth message", name, most)
			}
		}
	}
}

// TestFollowFails: a follower that is told that something is missing, or of an error,
// fails the task.
func TestFollowFails(t *testing.T) {
	for _, text := range []string{
		`{"event":"$joined","data":{"log":"abcdefghijk","at":"e.4","recovered":false}}`,
		`{"event":"$lost","data":{"log":"abcdefghijk","at":"e.4"}}`,
		`{"event":"error","id":2,"data":{"code":"internal"}}`,
	} {
		waiting, last := 1, int64(0)
		c := recovering(false, &waiting, &last)
		if c.take(0, sent(frame.Text, []byte(text))); c.failure == nil || waiting != 1 {
			t.Errorf("%s: %v", text, c.failure)
		}
	}
}

// TestFollowLearns: the first follower tells what the server calls the history, and
// without that none can say where it was.
func TestFollowLearns(t *testing.T) {
	c := &client{conns: []conn{{fd: -1, state: open, left: 1}}}
	c.dial.begun = []int64{0}
	if err := c.prepareFollow(control.Task{Room: "a", Epoch: "e"}); err == nil {
		t.Error("a place in nothing")
	}
	waiting, last := 1, int64(0)
	c.job.came = c.awaited(&waiting, &last)
	c.take(0, sent(frame.Text, []byte(`{"event":"$joined","data":{"log":"abcdefghijk","at":"e.4"}}`)))
	c.take(0, sent(frame.Text, []byte(`{"event":"join","id":2,"data":null}`)))
	if c.log != "abcdefghijk" || waiting != 0 || c.failure != nil {
		t.Errorf("%q, %d waiting, %v", c.log, waiting, c.failure)
	}
	c.dial = dial{}
	if err := c.prepareFollow(control.Task{Room: "a", Epoch: "e", Offset: 4, Each: 3}); err != nil || c.dial.wants != 4 || len(c.dial.hello) == 0 {
		t.Errorf("%v, waits for %d", err, c.dial.wants)
	}
	c.leave()
	if len(c.conns) != 0 || c.open != 0 {
		t.Errorf("%d connections", len(c.conns))
	}
}
