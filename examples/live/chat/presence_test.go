package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

func hello(name string) map[string]string { return map[string]string{"name": name} }

// presence returns the pushes about who is here, of those that have come so far.
func presence(c *livetest.Conn) []string {
	var told []string
	for _, frame := range c.Barrier("me") {
		if strings.HasPrefix(frame, `{"event":"here"`) || strings.HasPrefix(frame, `{"event":"present"`) {
			told = append(told, frame)
		}
	}
	return told
}

// expectLast checks the newest push that begins like want. Those before it may have been replaced.
func expectLast(t *testing.T, c *livetest.Conn, want string) {
	t.Helper()
	kind, _, _ := strings.Cut(want, `"count"`)
	last := ""
	for _, frame := range presence(c) {
		if strings.HasPrefix(frame, kind) {
			last = frame
		}
	}
	if last != want {
		t.Errorf("told %s\nwant %s", last, want)
	}
}

// TestPresenceIsPushed checks that the people who are here are pushed to those who introduced
// themselves.
func TestPresenceIsPushed(t *testing.T) {
	live := livetest.Start(t)
	silent := live.Dial(t, "/ws")
	ada, ben := live.Dial(t, "/ws"), live.Dial(t, "/ws?access_token=demo-ben")
	if got := ada.Request("hello", hello("Ada")); got != "null" {
		t.Errorf("hello answered %s, want the ack", got)
	}
	expectLast(t, ada, `{"event":"here","data":{"count":1,"people":[{"name":"Ada"}]}}`)
	ben.Request("hello", hello("Benedict"))
	both := `"count":2,"people":[{"name":"Ada"},{"name":"Benedict","user":"ben"}]}}`
	expectLast(t, ada, `{"event":"here","data":{`+both)
	for _, c := range []*livetest.Conn{ada, ben} {
		c.Request("join", room("tea"))
	}
	expectLast(t, ada, `{"event":"present","data":{"room":"tea",`+both)
	expectLast(t, ben, `{"event":"present","data":{"room":"tea",`+both)

	// Another name, in the same place.
	ada.Request("hello", hello("Ada L."))
	expectLast(t, ben, `{"event":"here","data":{"count":2,"people":[{"name":"Ada L."},{"name":"Benedict","user":"ben"}]}}`)
	presence(ada)
	ada.Request("leave", room("tea"))
	expectLast(t, ben, `{"event":"present","data":{"room":"tea","count":1,"people":[{"name":"Benedict","user":"ben"}]}}`)
	if told := presence(ada); len(told) > 0 {
		t.Errorf("who left a room is told %s", told)
	}

	// To join twice is to join once, and to leave another room tells nobody.
	ben.Request("join", room("tea"))
	ada.Request("leave", room("tea"))
	if told := presence(ben); len(told) > 0 {
		t.Errorf("nothing changed, and Ben is told %s", told)
	}
	ben.Close()
	livetest.Eventually(t, "Ada hears that Ben has gone", func() bool {
		told := presence(ada)
		return len(told) > 0 && told[len(told)-1] == `{"event":"present","data":{"room":"lobby","count":1,"people":[{"name":"Ada L."}]}}`
	})
	silent.Silent("me") // a connection that did not say hello gets none of this
}

func TestALineInARoomSaysWhoSaidIt(t *testing.T) {
	live := livetest.Start(t)
	guest, ann, nobody := live.Dial(t, "/ws"), live.Dial(t, "/ws?access_token=demo-ann"), live.Dial(t, "/ws?access_token=demo-ben")
	reader := live.Dial(t, "/rooms/tea")
	reader.Next() // its own visit
	guest.Request("hello", hello("Grace"))
	ann.Request("hello", hello("Ada"))
	for c, want := range map[*livetest.Conn]string{
		guest:  `{"event":"said","data":{"room":"tea","text":"hi","author":"Grace"}}`,
		ann:    `{"event":"said","data":{"room":"tea","text":"hi","author":"Ada","user":"ann"}}`,
		nobody: `{"event":"said","data":{"room":"tea","text":"hi"}}`,
	} {
		c.Request("say", line("tea", "hi"))
		reader.Expect(want)
	}
}

func TestAMessageSaysWhichUserSentIt(t *testing.T) {
	live := livetest.Start(t)
	ann := live.Dial(t, "/ws?access_token=demo-ann")
	stored := ann.Request("message", map[string]string{"author": "Ada", "text": "hi", "user": "ben"}) // one cannot claim it
	if want := `{"author":"Ada","text":"hi","user":"ann"}`; stored != want || ann.Request("history", nil) != "["+want+"]" {
		t.Errorf("stored %s, want %s", stored, want)
	}
}

func TestWhatIsNoName(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	for name, want := range map[string]string{
		"": "validation_failed", "  ": "validation_failed", strings.Repeat("é", 33): "validation_failed", "a\nb": "validation_failed",
	} {
		if code := ada.Refused("hello", hello(name)); code != want {
			t.Errorf("%q: %s, want %s", name, code, want)
		}
	}
	ada.Silent("me")
	ada.Request("hello", hello(strings.Repeat("é", 32)))
}

// TestACrowdIsCounted checks that a push names the first 50 people and counts the others, so that it
// does not grow with the crowd.
func TestACrowdIsCounted(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	ada.Request("hello", hello("Ada"))
	for i := range 59 {
		live.Dial(t, "/ws").Request("hello", hello(fmt.Sprint("guest ", i)))
	}
	last := ""
	for _, frame := range presence(ada) {
		if strings.HasPrefix(frame, `{"event":"here"`) {
			last = frame
		}
	}
	if !strings.HasPrefix(last, `{"event":"here","data":{"count":60,`) || strings.Count(last, `"name"`) != 50 {
		t.Errorf("told %s", last)
	}
}

// TestTheFirstHeartbeatComesAtOnce checks that a new connection hears a heartbeat at once, and then
// all of them.
func TestTheFirstHeartbeatComesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t)
		start := time.Now()
		ada := live.Dial(t, "/ws")
		ada.Request("hello", hello("Ada"))
		beat := `{"event":"heartbeat","data":"` + start.UTC().Format(time.RFC3339) + `"}`
		if got := strings.Join(ada.Ahead(), "\n"); !strings.Contains(got, beat) {
			t.Errorf("after hello: %s\nwant %s", got, beat)
		}
		if passed := time.Since(start); passed > 0 {
			t.Errorf("after %v", passed)
		}
		ada.Expect(`{"event":"heartbeat","data":"` + start.Add(5*time.Second).UTC().Format(time.RFC3339) + `"}`)
	})
}
