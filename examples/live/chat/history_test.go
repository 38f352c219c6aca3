package chat_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

func stored(n int) string { return fmt.Sprintf(`{"author":"ada","text":"%d"}`, n) }

func TestHistoryPages(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	ada.SendText(`{"event":"history_pages","id":1,"data":{"size":2}}`)
	ada.ExpectText(`{"event":"history_pages","id":1,"data":null}`) // nothing said yet

	for i := range 5 {
		ada.Call("message", map[string]any{"author": "ada", "text": fmt.Sprint(i)}).OK()
	}
	bob := live.Connect(t, "/ws")
	bob.SendText(`{"event":"history_pages","id":2,"data":2}`)
	for _, page := range []string{stored(0) + "," + stored(1), stored(2) + "," + stored(3), stored(4)} {
		bob.ExpectText(`{"event":"history_pages","id":2,"data":[` + page + `],"more":true}`)
	}
	bob.ExpectText(`{"event":"history_pages","id":2,"data":null}`)

	for _, size := range []int{0, -1, 257} {
		bob.Call("history_pages", map[string]int{"size": size}).ExpectError(ws.CodeInvalidPayload)
	}
	bob.SendText(`{"event":"history_pages","data":{"size":2}}`) // a stream needs an id
	bob.ExpectError(ws.CodeBadFrame)
}

// TestHistoryPagesCancelled checks that a client which has seen enough ends the stream: one frame says
// so, and no page follows it.
func TestHistoryPagesCancelled(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
	for i := range 256 {
		ada.Call("message", map[string]any{"author": "ada", "text": fmt.Sprint(i)}).OK()
	}
	bob := live.Connect(t, "/ws")
	bob.SendText(`{"event":"history_pages","id":7,"data":{"size":1}}`)
	bob.SendText(`{"event":"$cancel","id":7}`)
	pages := 0
	for {
		got := bob.Text()
		if got == `{"event":"history_pages","id":7,"data":[`+stored(pages)+`],"more":true}` {
			pages++
			continue
		}
		if !strings.HasPrefix(got, `{"event":"error","id":7,"data":{"code":"canceled",`) && got != `{"event":"history_pages","id":7,"data":null}` {
			t.Fatalf("after %d pages: %s", pages, got)
		}
		break
	}
	bob.ExpectSilence(0)
}

// TestMe checks that each connection counts its own messages, from zero.
func TestMe(t *testing.T) {
	live := livetest.Start(t)
	ada, bob := live.Connect(t, "/ws"), live.Connect(t, "/ws")
	for range 3 {
		ada.Call("message", map[string]any{"author": "ada", "text": "hi"}).OK()
	}
	ada.Call("message", map[string]any{"author": "banned", "text": "hi"}).ExpectError(ws.CodeForbidden)
	for conn, want := range map[*wstest.Conn]int{ada: 3, bob: 0, live.Connect(t, "/ws"): 0} {
		got := conn.Call("me", nil).Text()
		if !strings.HasPrefix(got, `{"since":"20`) || !strings.HasSuffix(got, fmt.Sprintf(`Z","messages":%d}`, want)) {
			t.Errorf("got %s, want %d messages", got, want)
		}
	}
}
