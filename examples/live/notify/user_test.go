package notify_test

import (
	"net/http"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// notice posts to /notify/{user}.
func notice(t *testing.T, live *livetest.Live, user, body string, header ...string) (int, string) {
	t.Helper()
	return postTo(t, live, "/notify/"+user, body, header...)
}

func TestANoticeReachesEveryTabOfAUser(t *testing.T) {
	live := livetest.Start(t)
	first, second := live.Connect(t, "/ws?access_token=demo-ann"), live.Connect(t, "/ws?access_token=demo-ann")
	room := live.Connect(t, "/rooms/tea?access_token=demo-ann")
	wstest.Expect[any](room, "visitors") // its own visit
	ben, guest, other := live.Connect(t, "/ws?access_token=demo-ben"), live.Connect(t, "/ws"), live.Connect(t, "/notify?access_token=demo-ann")

	if status, text := notice(t, live, "ann", `{"text":"your tea is ready"}`); status != http.StatusOK || text != `{"reached":3}` {
		t.Fatalf("%d %s, want 3 reached", status, text)
	}
	for _, c := range []*wstest.Conn{first, second, room} {
		c.ExpectText(`{"event":"notice","data":{"user":"ann","text":"your tea is ready"}}`)
	}
	ben.ExpectSilence(0)
	guest.ExpectSilence(0)
	other.Call("ping", nil).OK() // a registry of its own: its ann is not this one
	other.ExpectText(`{"event":"pong","data":"hi"}`)

	second.Close(ws.CloseNormal, "")
	livetest.Eventually(t, "the second tab is gone", func() bool {
		_, text := notice(t, live, "ann", `{"text":"again"}`)
		return text == `{"reached":2}`
	})
	for _, nobody := range []string{"eve", "%20", "ann%20"} {
		if status, text := notice(t, live, nobody, `{"text":"hi"}`); status != http.StatusOK || text != `{"reached":0}` {
			t.Errorf("%q: %d %s, want nobody reached", nobody, status, text)
		}
	}
	guest.ExpectSilence(0)
}

func TestNoticesAreRefusedLikeAnnouncements(t *testing.T) {
	live := livetest.Start(t)
	for body, want := range map[string]int{
		``: 400, `null`: 400, `{}`: 400, `{"text":7}`: 400,
	} {
		if status, text := notice(t, live, "ann", body); status != want || text == "" {
			t.Errorf("%.40s: %d %q, want %d", body, status, text, want)
		}
	}
	if status, _ := notice(t, live, "ann", `{"text":"hi"}`, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("from another site: %d, want 403", status)
	}
	if status, _ := notice(t, live, "", `{"text":"hi"}`); status != http.StatusNotFound {
		t.Errorf("for nobody: %d, want 404", status)
	}
}
