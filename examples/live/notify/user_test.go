package notify_test

import (
	"net/http"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

// notice posts to /notify/{user}.
func notice(t *testing.T, live *livetest.Live, user, body string, header ...string) (int, string) {
	t.Helper()
	return postTo(t, live, "/notify/"+user, body, header...)
}

func TestANoticeReachesEveryTabOfAUser(t *testing.T) {
	live := livetest.Start(t)
	first, second := live.Dial(t, "/ws?access_token=demo-ann"), live.Dial(t, "/ws?access_token=demo-ann")
	room := live.Dial(t, "/rooms/tea?access_token=demo-ann")
	ben, guest, other := live.Dial(t, "/ws?access_token=demo-ben"), live.Dial(t, "/ws"), live.Dial(t, "/notify?access_token=demo-ann")
	first.Barrier("presence")
	second.Barrier("presence")
	room.Barrier("where")

	if status, text := notice(t, live, "ann", `{"text":"your tea is ready"}`); status != http.StatusOK || text != `{"reached":3}` {
		t.Fatalf("%d %s, want 3 reached", status, text)
	}
	for _, c := range []*livetest.Conn{first, second, room} {
		c.Expect(`{"event":"notice","data":{"user":"ann","text":"your tea is ready"}}`)
	}
	ben.Silent("presence")
	guest.Silent("presence")
	other.Request("ping", nil) // a registry of its own: its ann is not this one
	other.Expect(`{"event":"pong","data":"hi"}`)

	second.Close()
	livetest.Eventually(t, "the second tab is gone", func() bool {
		_, text := notice(t, live, "ann", `{"text":"again"}`)
		return text == `{"reached":2}`
	})
	for _, nobody := range []string{"eve", "%20", "ann%20"} {
		if status, text := notice(t, live, nobody, `{"text":"hi"}`); status != http.StatusOK || text != `{"reached":0}` {
			t.Errorf("%q: %d %s, want nobody reached", nobody, status, text)
		}
	}
	guest.Silent("presence")
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
