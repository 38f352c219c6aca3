package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func hello(name string) map[string]string { return map[string]string{"name": name} }

// presence returns the pushes about who is here, of those that have come so far.
func presence(c *wstest.Conn) []string {
	var told []string
	for _, frame := range c.Texts() {
		if strings.HasPrefix(frame, `{"event":"here"`) || strings.HasPrefix(frame, `{"event":"present"`) {
			told = append(told, frame)
		}
	}
	return told
}

// expectLast checks the newest push that begins like want. Those before it may have been replaced.
func expectLast(t *testing.T, c *wstest.Conn, want string) {
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
	silent := live.Connect(t, "/ws")
	ada, ben := live.Connect(t, "/ws"), live.Connect(t, "/ws?access_token=demo-ben")
	if got := ada.Call("hello", hello("Ada")).Text(); got != "null" {
		t.Errorf("hello answered %s, want the ack", got)
	}
	expectLast(t, ada, `{"event":"here","data":{"count":1,"people":[{"name":"Ada"}]}}`)
	ben.Call("hello", hello("Benedict")).OK()
	both := `"count":2,"people":[{"name":"Ada"},{"name":"Benedict","user":"ben"}]}}`
	expectLast(t, ada, `{"event":"here","data":{`+both)
	for _, c := range []*wstest.Conn{ada, ben} {
		c.Call("join", room("tea")).OK()
	}
	expectLast(t, ada, `{"event":"present","data":{"room":"tea",`+both)
	expectLast(t, ben, `{"event":"present","data":{"room":"tea",`+both)

	// Another name, in the same place.
	ada.Call("hello", hello("Ada L.")).OK()
	expectLast(t, ben, `{"event":"here","data":{"count":2,"people":[{"name":"Ada L."},{"name":"Benedict","user":"ben"}]}}`)
	presence(ada)
	ada.Call("leave", room("tea")).OK()
	expectLast(t, ben, `{"event":"present","data":{"room":"tea","count":1,"people":[{"name":"Benedict","user":"ben"}]}}`)
	if told := presence(ada); len(told) > 0 {
		t.Errorf("who left a room is told %s", told)
	}

	// To join twice is to join once, and to leave another room tells nobody.
	ben.Call("join", room("tea")).OK()
	ada.Call("leave", room("tea")).OK()
	if told := presence(ben); len(told) > 0 {
		t.Errorf("nothing changed, and Ben is told %s", told)
	}
	ben.Close(ws.CloseNormal, "")
	livetest.Eventually(t, "Ada hears that Ben has gone", func() bool {
		told := presence(ada)
		return len(told) > 0 && told[len(told)-1] == `{"event":"present","data":{"room":"lobby","count":1,"people":[{"name":"Ada L."}]}}`
	})
	silent.ExpectSilence(0) // a connection that did not say hello gets none of this
}

func TestALineInARoomSaysWhoSaidIt(t *testing.T) {
	live := livetest.Start(t)
	guest, ann, nobody := live.Connect(t, "/ws"), live.Connect(t, "/ws?access_token=demo-ann"), live.Connect(t, "/ws?access_token=demo-ben")
	reader := live.Connect(t, "/rooms/tea")
	_ = reader.Text() // its own visit
	guest.Call("hello", hello("Grace")).OK()
	ann.Call("hello", hello("Ada")).OK()
	for c, want := range map[*wstest.Conn]string{
		guest:  `{"event":"said","data":{"room":"tea","text":"hi","author":"Grace"}}`,
		ann:    `{"event":"said","data":{"room":"tea","text":"hi","author":"Ada","user":"ann"}}`,
		nobody: `{"event":"said","data":{"room":"tea","text":"hi"}}`,
	} {
		c.Call("say", line("tea", "hi")).OK()
		reader.ExpectText(want)
	}
}

func TestAMessageSaysWhichUserSentIt(t *testing.T) {
	live := livetest.Start(t)
	ann := live.Connect(t, "/ws?access_token=demo-ann")
	stored := ann.Call("message", map[string]string{"author": "Ada", "text": "hi", "user": "ben"}).Text() // one cannot claim it
	if want := `{"author":"Ada","text":"hi","user":"ann"}`; stored != want || ann.Call("history", nil).Text() != "["+want+"]" {
		t.Errorf("stored %s, want %s", stored, want)
	}
}

func TestWhatIsNoName(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	for _, name := range []string{"", "  ", strings.Repeat("é", 33), "a\nb"} {
		ada.Call("hello", hello(name)).ExpectError(ws.CodeValidationFailed)
	}
	ada.ExpectSilence(0)
	ada.Call("hello", hello(strings.Repeat("é", 32))).OK()
}

// TestACrowdIsCounted checks that a push names the first 50 people and counts the others, so that it
// does not grow with the crowd.
func TestACrowdIsCounted(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	ada.Call("hello", hello("Ada")).OK()
	for i := range 59 {
		live.Connect(t, "/ws").Call("hello", hello(fmt.Sprint("guest ", i))).OK()
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
		ada := live.Connect(t, "/ws")
		ada.Call("hello", hello("Ada")).OK()
		beat := `{"event":"heartbeat","data":"` + start.UTC().Format(time.RFC3339) + `"}`
		if got := strings.Join(ada.Texts(), "\n"); !strings.Contains(got, beat) {
			t.Errorf("after hello: %s\nwant %s", got, beat)
		}
		if passed := time.Since(start); passed > 0 {
			t.Errorf("after %v", passed)
		}
		ada.ExpectText(`{"event":"heartbeat","data":"` + start.Add(5*time.Second).UTC().Format(time.RFC3339) + `"}`)
	})
}
