package chat_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// place is a position in a history, of $joined and of what is kept.
type place struct {
	Event string `json:"event"`
	Data  struct {
		Log, At   string
		Recovered *bool
		Text      string
	} `json:"data"`
	Log string `json:"log"`
	At  string `json:"at"`
}

// next is the next frame, read as a place.
func next(t *testing.T, c *wstest.Conn) (p place) {
	t.Helper()
	if err := json.Unmarshal([]byte(c.Text()), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// record has c say something to everyone, which it is pushed itself, too.
func record(t *testing.T, c *wstest.Conn, text string) {
	t.Helper()
	c.Call("message", map[string]string{"author": "bob", "text": text}).OK()
	c.ExpectText(fmt.Sprintf(`{"event":"message","data":{"author":"bob","text":%q}}`, text))
}

// TestFollow: who follows what is said to everyone, is away, and comes back gets what was missed once and in
// order, over real sockets; the event history has it all, as ever.
func TestFollow(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := wstest.DialURL(t, live.URL+"/ws"), wstest.DialURL(t, live.URL+"/ws")
	record(t, bob, "zero")
	ada.ExpectText(`{"event":"message","data":{"author":"bob","text":"zero"}}`)

	ada.SendText(`{"event":"follow"}`)
	begun := next(t, ada)
	if begun.Event != "$joined" || begun.Data.Recovered != nil || !strings.HasSuffix(begun.Data.At, ".1") {
		t.Fatalf("following begins with %+v", begun)
	}
	record(t, bob, "one")
	heard := next(t, ada)
	if heard.Event != "recorded" || heard.Data.Text != "one" || heard.Log != begun.Data.Log || !strings.HasSuffix(heard.At, ".2") {
		t.Fatalf("heard %+v", heard)
	}
	ada.ExpectText(`{"event":"message","data":{"author":"bob","text":"one"}}`)
	ada.Vanish()

	for i := range 50 {
		record(t, bob, fmt.Sprint(i))
	}
	back := wstest.DialURL(t, live.URL+"/ws")
	back.Call("$resume", map[string]string{heard.Log: heard.At}).OK()
	back.SendText(`{"event":"follow"}`)
	if again := next(t, back); again.Event != "$joined" || again.Data.Recovered == nil || !*again.Data.Recovered || again.Data.At != heard.At {
		t.Fatalf("coming back begins with %+v", again)
	}
	for i := range 50 {
		if missed := next(t, back); missed.Event != "recorded" || missed.Data.Text != fmt.Sprint(i) || !strings.HasSuffix(missed.At, fmt.Sprintf(".%d", i+3)) {
			t.Fatalf("missed %d, and got %+v", i, missed)
		}
	}
	record(t, bob, "last")
	if last := next(t, back); last.Event != "recorded" || last.Data.Text != "last" {
		t.Fatalf("what is new is %+v", last)
	}
	back.ExpectText(`{"event":"message","data":{"author":"bob","text":"last"}}`)
	back.ExpectSilence(0)
	if got := strings.Count(back.Call("history", nil).Text(), `"author"`); got != 53 {
		t.Fatalf("%d messages in the history, want 53", got)
	}
}

// TestFollowTooLate: beyond what is kept, who comes back is told that something is missing.
func TestFollowTooLate(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	ada.SendText(`{"event":"follow"}`)
	at := next(t, ada)
	ada.Vanish()
	for i := range 257 {
		record(t, bob, fmt.Sprint(i))
	}
	back := live.Connect(t, "/ws")
	back.Call("$resume", map[string]string{at.Data.Log: at.Data.At}).OK()
	back.SendText(`{"event":"follow"}`)
	if again := next(t, back); again.Data.Recovered == nil || *again.Data.Recovered || !strings.HasSuffix(again.Data.At, ".257") {
		t.Fatalf("coming back begins with %+v", again)
	}
	back.ExpectSilence(0)
}

// TestFollowersAreNotShown: the room of those who follow is nobody's to see.
func TestFollowersAreNotShown(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	ada.Call("follow", nil).OK()
	ada.Call("hello", map[string]string{"name": "Ada"}).OK()
	for _, text := range ada.Texts() {
		if strings.Contains(text, `"book"`) {
			t.Errorf("told of %s", text)
		}
	}
}
