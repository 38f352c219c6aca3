package chat_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
)

func TestMessageReachesEveryConnection(t *testing.T) {
	live := livetest.Start(t)
	ada, bob, other := live.Connect(t, "/ws"), live.Connect(t, "/ws"), live.Connect(t, "/rooms")
	ada.SendText(`{"event":"message","data":{"author":"ada","text":"hi"}}`)
	push := `{"event":"message","data":{"author":"ada","text":"hi"}}`
	ada.ExpectText(push) // the sender's too
	ada.ExpectText(push) // and the handler's answer, which without id looks the same
	bob.ExpectText(push)
	other.ExpectText(push) // the gateways share the application's Server
	bob.ExpectSilence(0)
}

func TestMessageAnswersWhatIsStored(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	ada.SendText(`{"event":"message","id":"a1","data":{"author":"ada","text":"<b>&\u2028é"}}`)
	pushed, answered := ada.Text(), ada.Text()
	if !strings.HasPrefix(pushed, `{"event":"message","data":{"author":"ada","text":`) ||
		!strings.HasPrefix(answered, `{"event":"message","id":"a1","data":{"author":"ada","text":`) {
		t.Fatalf("pushed %s\nanswered %s", pushed, answered)
	}
	if got := ada.Call("history", nil).Text(); !strings.HasSuffix(answered, strings.Trim(got, "[]")+"}") {
		t.Fatalf("answered %s\nhistory %s", answered, got)
	}
}

func TestHistory(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	ada.SendText(`{"event":"history"}`)
	ada.ExpectText(`{"event":"history","data":[]}`)

	for i := range 300 {
		ada.Call("message", map[string]any{"author": "ada", "text": fmt.Sprint(i)}).OK()
	}
	var want []string
	for i := 300 - 256; i < 300; i++ {
		want = append(want, fmt.Sprintf(`{"author":"ada","text":"%d"}`, i))
	}
	if got := live.Connect(t, "/ws").Call("history", nil).Text(); got != "["+strings.Join(want, ",")+"]" {
		t.Fatalf("history %s", got)
	}
}

func TestMessageTakesAnyTextThatFitsAFrame(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	for _, text := range []string{"", "\x00\n\"\\", strings.Repeat("x", 65_000), strings.Repeat("<", 65_000)} {
		stored := ada.Call("message", map[string]string{"author": "", "text": text}).Text()
		bob.ExpectText(`{"event":"message","data":` + stored + `}`)
	}
	if got := strings.Count(ada.Call("history", nil).Text(), `"author"`); got != 4 {
		t.Fatalf("%d messages in the history, want 4", got)
	}
}

func TestBannedAuthor(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	banned := map[string]string{"author": "banned", "text": "hi"}
	ada.Call("message", banned).ExpectError(ws.CodeForbidden)
	ada.Send("message", banned)
	ada.ExpectError(ws.CodeForbidden)
	bob.ExpectSilence(0)
	if got := ada.Call("history", nil).Text(); got != "[]" {
		t.Fatalf("stored %s", got)
	}
}

// TestUndecodableMessage checks that data which the guard cannot read is refused as the decoder would
// refuse it.
func TestUndecodableMessage(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	for _, data := range []any{nil, 7, "banned", []string{"banned"}, map[string]any{"author": "banned", "text": 7}, map[string]any{"author": 1}} {
		ada.Call("message", data).ExpectError(ws.CodeInvalidPayload)
	}
	ada.SendText(`{"event":"message","id":99}`)
	if got := ada.Text(); !strings.HasPrefix(got, `{"event":"error","id":99,"data":{"code":"invalid_payload",`) {
		t.Fatalf("got %s", got)
	}
	if got := ada.Call("history", nil).Text(); got != "[]" {
		t.Fatalf("stored %s", got)
	}
}
