package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
)

// signsIn makes a guest's page that of a user.
func (v visitor) signsIn(user string) {
	v.t.Helper()
	v.opensAccount()
	if _, err := browser.Eval[string](v.Page, `document.querySelector("#user-pick").value = "`+user+`"`); err != nil {
		v.t.Fatal(err)
	}
	v.clicks("#user-go")
	v.is(user)
}

// opensAccount opens the panel that shows the user whom the server takes the page for.
func (v visitor) opensAccount() {
	v.t.Helper()
	v.eval(`document.querySelector("#user").open = true`)
}

// is waits until the server takes the page for user; "" is a guest.
func (v visitor) is(user string) {
	v.t.Helper()
	v.waits(`document.querySelector("#user").dataset.user === "` + user + `"`)
}

func TestUsersInBrowsers(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ann, tab, ben := visit(t, b, p.url, "Ann"), visit(t, b, p.url, "Ann again"), visit(t, b, p.url, "Ben")
	for _, v := range []visitor{ann, tab, ben} {
		v.is("")
		v.opensAccount()
	}
	ann.clicks("#sign-out-go")
	ann.sees("#sign-out-result", "unauthenticated")
	ann.waits(`document.querySelector("#sign-out-result").dataset.tone === "bad"`)
	ann.signsIn("ann")
	tab.signsIn("ann")
	ben.signsIn("ben")
	ann.sees("#user-scopes", "chat, admin")

	// A user has several tabs, and all of them hear it.
	if _, err := browser.Eval[int](ben.Page, `document.querySelector("#announce-room").selectedIndex =
		[...document.querySelector("#announce-room").options].findIndex(o => o.dataset.user === "ann")`); err != nil {
		t.Fatal(err)
	}
	ben.types("#announce-text", "your tea is ready\n")
	ben.sees("#announce-result", "Reached 2 connections.")
	for _, v := range []visitor{ann, tab} {
		v.sees("#banner-what", "For ann")
		v.sees("#banner-text", "your tea is ready")
		v.sees(".note", "For ann: your tea is ready")
	}
	ben.waits(`document.querySelector("#banner").hidden`)

	// A token is renewed while the connection lasts.
	ann.sees("#user-left", "s left")
	ann.clicks("#user-renew")
	ann.sees("#frames .json", `{"event":"$refresh","id":`)
	ann.waits(`[...document.querySelectorAll("#frames .in .json")].some(e => e.textContent.startsWith('{"event":"$refresh"'))`)
	ann.waits(`document.querySelector("#told").hidden && document.querySelector("#sign-out-result").dataset.tone !== "bad"`)

	// Only an admin disconnects a user, who comes back as a guest.
	ben.clicks("#sign-out-go")
	ben.sees("#sign-out-result", "forbidden")
	ann.clicks("#sign-out-go")
	ann.sees("#sign-out-result", "1 connection closed.")
	ben.sees("#told-text", "signed out by ann")
	ben.is("")
	ben.sees("#state-text", "Connected")
	tab.clicks("#user-leave")
	tab.is("")
	ann.is("ann")
	for _, v := range []visitor{ann, tab, ben} {
		v.hasNoFaults()
	}
}

// TestASlowReaderInABrowser checks that the numbers of a burst on the page add up, and that a reader
// which is too busy to read misses something.
func TestASlowReaderInABrowser(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada := visit(t, b, p.url, "Ada")
	burst := func(policy string) {
		t.Helper()
		if _, err := browser.Eval[string](ada.Page, `document.querySelector("#flood-policy").value = "`+policy+`"`); err != nil {
			t.Fatal(err)
		}
		ada.clicks("#flood-go")
		ada.waits(`!document.querySelector("#flood-go").disabled && document.querySelector("#flood-bar").children.length > 0`)
	}
	type shown struct{ Pushed, Received, Replaced, Shed string }
	counts := func() (s shown) {
		t.Helper()
		s, err := browser.Eval[shown](ada.Page, `({...document.querySelector("#flood-bar").dataset})`)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	// How much is lost is a matter of speeds, so it may take more than one burst, and a reader that is busy for longer.
	until := func(what string, is func() bool) {
		t.Helper()
		for range 5 {
			if is() {
				return
			}
			ada.eval(`Worker.prototype.postMessage = ((post) => function (m) {
				post.call(this, { ...m, busyMs: Math.min(2 * m.busyMs, 8000) });
			})(Worker.prototype.postMessage)`)
		}
		t.Fatalf("tried in vain: %s", what)
	}
	until("something is shed", func() bool {
		burst("shed_newest")
		ada.sees("#flood-result", "That makes 2000")
		return counts().Shed != "0"
	})
	ada.waits(`/[1-9]\d* shed/.test(document.querySelector("#flood-totals").textContent)`)
	until("something is replaced", func() bool {
		burst("coalesce")
		ada.sees("#flood-result", "That makes 2000")
		return counts().Replaced != "0"
	})

	// The numbers are those of the runtime.
	response, err := http.Get(p.url + "/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var stats struct{ Flood struct{ Shed, Replaced int } }
	if err := json.NewDecoder(response.Body).Decode(&stats); err != nil || stats.Flood.Shed == 0 || stats.Flood.Replaced == 0 {
		t.Errorf("%+v, %v", stats, err)
	}
	until("a slow reader is closed", func() bool {
		burst("close_slow")
		text, err := ada.Text("#flood-result")
		return err == nil && strings.Contains(text[0], "Closed with 1008")
	})
	// Drops that never came have their part of the bar, in the colour of failures, and are told.
	ada.waits(`(({ received, lost }) => lost > 0 && Number(received) + Number(lost) === 2000)(document.querySelector("#flood-bar").dataset)`)
	ada.waits(`document.querySelector("#flood-bar .bad:last-child").style.flexGrow > 0 && document.querySelector("#flood-result").dataset.tone === "bad"`)
	ada.sees("#flood-legend .bad", "never came")
	ada.sees("#state-text", "Connected") // the chat has another connection
	ada.hasNoFaults()
}

func TestThePageShowsThatTheServerDrains(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0", "DRAIN=1h")
	ada := visit(t, b, p.url, "Ada")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ada.sees("#state-text", "Server is going away")
	ada.types("#draft", "still here\n")
	ada.lines("still here")
	ada.hasNoFaults()
}
