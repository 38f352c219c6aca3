package chat_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

func TestMessageReachesEveryConnection(t *testing.T) {
	live := livetest.Start(t)
	ada, bob, other := live.Dial(t, "/ws"), live.Dial(t, "/ws"), live.Dial(t, "/rooms")
	other.Request("join_room", "x") // it is registered

	ada.SendText(`{"event":"message","data":{"author":"ada","text":"hi"}}`)
	push := `{"event":"message","data":{"author":"ada","text":"hi"}}`
	ada.Expect(push) // the sender's too
	ada.Expect(push) // and the handler's answer, which without id looks the same
	bob.Expect(push)
	other.Expect(push) // the gateways share the application's Server
	bob.Silent("leave")
}

func TestMessageAnswersWhatIsStored(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	ada.SendText(`{"event":"message","id":"a1","data":{"author":"ada","text":"<b>&\u2028é"}}`)
	pushed, answered := ada.Next(), ada.Next()
	if !strings.HasPrefix(pushed, `{"event":"message","data":{"author":"ada","text":`) ||
		!strings.HasPrefix(answered, `{"event":"message","id":"a1","data":{"author":"ada","text":`) {
		t.Fatalf("pushed %s\nanswered %s", pushed, answered)
	}
	if got := ada.Request("history", nil); !strings.HasSuffix(answered, strings.Trim(got, "[]")+"}") {
		t.Fatalf("answered %s\nhistory %s", answered, got)
	}
}

func TestHistory(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	ada.SendText(`{"event":"history"}`)
	ada.Expect(`{"event":"history","data":[]}`)

	for i := range 300 {
		ada.Request("message", map[string]any{"author": "ada", "text": fmt.Sprint(i)})
	}
	var want []string
	for i := 300 - 256; i < 300; i++ {
		want = append(want, fmt.Sprintf(`{"author":"ada","text":"%d"}`, i))
	}
	if got := live.Dial(t, "/ws").Request("history", nil); got != "["+strings.Join(want, ",")+"]" {
		t.Fatalf("history %s", got)
	}
}

func TestMessageTakesAnyTextThatFitsAFrame(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Dial(t, "/ws"), live.Dial(t, "/ws")
	bob.Barrier("presence")
	for _, text := range []string{"", "\x00\n\"\\", strings.Repeat("x", 65_000), strings.Repeat("<", 65_000)} {
		stored := ada.Request("message", map[string]string{"author": "", "text": text})
		if got := bob.Next(); got != `{"event":"message","data":`+stored+`}` {
			t.Fatalf("stored %.100s, pushed %.100s", stored, got)
		}
	}
	if got := strings.Count(ada.Request("history", nil), `"author"`); got != 4 {
		t.Fatalf("%d messages in the history, want 4", got)
	}
}

func TestBannedAuthor(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Dial(t, "/ws"), live.Dial(t, "/ws")
	bob.Barrier("presence")
	if code := ada.Refused("message", map[string]string{"author": "banned", "text": "hi"}); code != "forbidden" {
		t.Fatalf("code %q", code)
	}
	ada.Send("message", map[string]string{"author": "banned", "text": "hi"})
	if got := ada.Next(); !strings.HasPrefix(got, `{"event":"error","data":{"code":"forbidden",`) {
		t.Fatalf("got %s", got)
	}
	bob.Silent("presence")
	if got := ada.Request("history", nil); got != "[]" {
		t.Fatalf("stored %s", got)
	}
}

// TestUndecodableMessage checks that data which the guard cannot read is refused as the decoder would
// refuse it.
func TestUndecodableMessage(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	for _, data := range []any{nil, 7, "banned", []string{"banned"}, map[string]any{"author": "banned", "text": 7}, map[string]any{"author": 1}} {
		if code := ada.Refused("message", data); code != "invalid_payload" {
			t.Errorf("data %v: code %q", data, code)
		}
	}
	ada.SendText(`{"event":"message","id":99}`)
	if got := ada.Next(); !strings.HasPrefix(got, `{"event":"error","id":99,"data":{"code":"invalid_payload",`) {
		t.Fatalf("got %s", got)
	}
	if got := ada.Request("history", nil); got != "[]" {
		t.Fatalf("stored %s", got)
	}
}
