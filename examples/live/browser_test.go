package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

// shared is the Chromium of all tests that need no flags of their own: on a busy machine it starts for longer than most
// tests last. Each test has servers of its own, and so origins: no page finds what another one has kept.
var shared *browser.Browser

// startBrowser returns shared, which it starts if it does not run, or a Chromium of the test's own with flags of its
// command line "name=value". Where there is none the test is skipped, in CI it fails. It is not for parallel tests.
func startBrowser(t *testing.T, flags ...string) *browser.Browser {
	t.Helper()
	path, err := browser.Find()
	if errors.Is(err, browser.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(flags) > 0 {
		b := starts(t, path, t.TempDir(), flags...)
		t.Cleanup(b.Close)
		return b
	}
	if shared != nil && shared.Alive() {
		return shared
	}
	closeShared()
	profile, err := os.MkdirTemp(filepath.Dir(binary), "profile")
	if err != nil {
		t.Fatal(err)
	}
	shared = starts(t, path, profile)
	return shared
}

// closeShared ends shared, if there is one.
func closeShared() {
	if shared != nil {
		shared.Close()
		shared = nil
	}
}

// starts starts Chromium. On a busy machine it may crash before it has a page, which says nothing of ours.
func starts(t *testing.T, path, profile string, flags ...string) *browser.Browser {
	t.Helper()
	for left := 2; ; left-- {
		b, err := browser.Start(path, profile, flags...)
		if err == nil {
			return b
		}
		if left == 0 {
			t.Fatal(err)
		}
		t.Logf("once more: %v", err)
	}
}

// visitor is a page on which somebody has joined; every failure ends the test.
type visitor struct {
	*browser.Page
	t *testing.T
}

// visit joins in a window that has room for all panels.
func visit(t *testing.T, b *browser.Browser, url, name string) visitor {
	t.Helper()
	page, err := b.Page(url)
	return enters(t, page, err, name)
}

// enters does so on a page that was opened, or failed to open.
func enters(t *testing.T, page *browser.Page, err error, name string) visitor {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	v := visitor{page, t}
	t.Cleanup(func() { v.tells(name) })
	v.views(1440, 1100, false)
	v.types("#name", name+"\n")
	v.connects()
	return v
}

// tells logs what became of a page's connections, if the test has failed.
func (v visitor) tells(name string) {
	if !v.t.Failed() {
		return
	}
	life, err := v.Text("#frames .life")
	state, _ := v.Text("#state")
	v.t.Logf("%s: %q, its connections: %q, %v", name, state, life, err)
}

func (v visitor) views(width, height int64, dark bool) {
	v.t.Helper()
	if err := v.View(width, height, 1, dark); err != nil {
		v.t.Fatal(err)
	}
}

func (v visitor) connects() {
	v.t.Helper()
	v.waits(`document.querySelector("#state").dataset.state === "open"`)
}

// reloads waits until the page is there again, and connected.
func (v visitor) reloads() {
	v.t.Helper()
	if _, err := browser.Eval[bool](v.Page, `(window.before = true, setTimeout(() => location.reload()), true)`); err != nil {
		v.t.Fatal(err)
	}
	// Until the page is there again, the question fails.
	livetest.Eventually(v.t, "the page is there again", func() bool {
		back, err := browser.Eval[bool](v.Page, `!window.before && document.querySelector("#state")?.dataset.state === "open"`)
		return back && err == nil
	})
}

func (v visitor) types(selector, text string) {
	v.t.Helper()
	if err := v.Type(selector, text); err != nil {
		v.t.Fatal(err)
	}
}

func (v visitor) clicks(selector string) {
	v.t.Helper()
	if err := v.Click(selector); err != nil {
		v.t.Fatal(err)
	}
}

func (v visitor) waits(expression string) {
	v.t.Helper()
	if err := v.Wait(expression); err != nil {
		v.t.Fatal(err)
	}
}

func (v visitor) sees(selector, text string) {
	v.t.Helper()
	if err := v.WaitText(selector, text); err != nil {
		v.t.Fatal(err)
	}
}

// remembersTyping has a page show of somebody that they type until they have said something, and not for some seconds:
// a busy machine looks less often. These seconds are typingLasts of chat.js.
func (v visitor) remembersTyping() {
	v.t.Helper()
	v.eval(`window.setTimeout = ((set) => (fn, ms, ...rest) => set(fn, ms === 3500 ? 3600e3 : ms, ...rest))(window.setTimeout)`)
}

// comesBack has a page which lost its connection try again, and not only when its patience says so.
func (v visitor) comesBack() {
	v.t.Helper()
	v.eval(`dispatchEvent(new Event("online"))`)
	v.connects()
}

// lines checks that the open conversation shows exactly these messages.
func (v visitor) lines(want ...string) {
	v.t.Helper()
	text, err := json.Marshal(append([]string{}, want...)) // none are []
	if err != nil {
		v.t.Fatal(err)
	}
	shown := `JSON.stringify([...document.querySelectorAll(".msg .text")].map(e => e.textContent))`
	if err := v.Wait(fmt.Sprintf("%s === JSON.stringify(%s)", shown, text)); err != nil {
		got, _ := v.Text(".msg .text")
		v.t.Fatalf("%v\nshown %q\nwant  %q", err, got, want)
	}
}

func (v visitor) hasNoFaults() {
	v.t.Helper()
	if faults := v.Faults(); len(faults) > 0 {
		v.t.Errorf("the page complains:\n%s", strings.Join(faults, "\n"))
	}
}

func TestTwoPeopleInBrowsers(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada := visit(t, b, p.url, "Ada")
	bob := visit(t, b, p.url, "Bob")

	ada.types("#draft", "hello <b>Bob</b>\n")
	bob.lines("hello <b>Bob</b>") // text, not markup
	ada.lines("hello <b>Bob</b>")
	ada.remembersTyping()
	bob.types("#draft", "hi")
	ada.sees("#typing", "Bob is typing…")
	bob.types("#draft", " Ada\n")
	ada.lines("hello <b>Bob</b>", "hi Ada")

	for _, v := range []visitor{ada, bob} {
		v.waits(`/^\d\d:\d\d:\d\d UTC$/.test(document.querySelector("#heartbeat").textContent)`)
		v.waits(`document.querySelector("#presence").textContent === "2"`)
	}
	t.Run("rooms", func(t *testing.T) { tryRooms(t, ada, bob) })
	t.Run("announcements", func(t *testing.T) { tryAnnouncements(t, ada, bob) })
	t.Run("panels", func(t *testing.T) { tryPanels(t, ada, bob) })

	ada.sees("#frames .json", `{"event":"message","data":{"author":"Bob","text":"hi Ada"}}`)
	late := visit(t, b, p.url, "banned")
	late.lines("hello <b>Bob</b>", "hi Ada")
	late.types("#draft", "let me in\n")
	late.sees("#told-text", "forbidden")
	late.waits(`document.querySelector("#draft").value === "let me in"`) // nothing typed is lost
	for _, v := range []visitor{ada, bob, late} {
		v.hasNoFaults()
	}
}

func tryRooms(t *testing.T, ada, bob visitor) {
	ada.t, bob.t = t, t
	for _, v := range []visitor{ada, bob} {
		v.types("#room", "tea\n")
		v.sees("#channel-title", "#tea")
	}
	ada.types("#draft", "who is for tea?\n")
	bob.lines("who is for tea?")
	ada.lines("who is for tea?")
	bob.sees(".msg .who b", "Ada")
	bob.clicks(`[aria-label="Leave #tea"]`)
	bob.sees("#channel-title", "Everyone")
	ada.types("#draft", "alone then\n")
	ada.lines("who is for tea?", "alone then")
	ada.clicks("#channels li:first-child .open")
	ada.lines("hello <b>Bob</b>", "hi Ada")
	bob.lines("hello <b>Bob</b>", "hi Ada")
}

func tryAnnouncements(t *testing.T, ada, bob visitor) {
	ada.t, bob.t = t, t
	ada.types("#announce-text", "doors open at nine\n")
	ada.sees("#announce-result", "Reached 2 connections.")
	for _, v := range []visitor{ada, bob} {
		v.sees("#banner-text", "doors open at nine")
		v.clicks("#banner-close")
	}
	ada.waits(`document.querySelector("#banner").hidden`)
}

func tryPanels(t *testing.T, ada, bob visitor) {
	ada.t, bob.t = t, t
	ada.types("#order-text", "flat white\n")
	ada.sees("#orders li", "flat whiteready ✓")
	bob.waits(`document.querySelectorAll("#orders li").length === 0`)

	for _, v := range []visitor{ada, bob} {
		v.clicks("#notify-open")
		v.waits(`!document.querySelector("#notify-ping").disabled`)
		v.clicks("#svc-open")
		v.waits(`!document.querySelector("#svc-join").disabled`)
		v.clicks("#svc-join")
		v.sees("#svc-result", "Joined room garden")
	}
	ada.clicks("#notify-ping")
	bob.sees("#notify-result", "pong “hi”")
	ada.types("#svc-text", "roses\n")
	bob.sees("#svc-result", "broadcast: roses")
	ada.clicks("#svc-updates")
	ada.sees("#svc-result", "heartbeat: 20")
}

func TestThePageComesBackAfterARestart(t *testing.T) {
	b := startBrowser(t)
	first := launch(t, "127.0.0.1:0")
	between := newProxy(t, first.url)
	ada := visit(t, b, between.url(), "Ada")
	bob := visit(t, b, between.url(), "Bob")
	for _, v := range []visitor{ada, bob} {
		v.types("#room", "tea\n")
		v.sees("#channel-title", "#tea")
		v.clicks("#channels li:first-child .open")
	}
	ada.types("#draft", "before\n")
	bob.lines("before")
	for _, v := range []visitor{ada, bob} {
		v.hasNoFaults()
	}

	if err := first.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ada.waits(`document.querySelector("#state").dataset.state === "waiting"`)
	ada.waits(`document.querySelector("#send").disabled`)
	if err := first.Wait(); err != nil {
		t.Fatalf("exit: %v\n%s", err, &first.stderr)
	}
	ada.sees("#frames .life .json", "left with 4000: shutdown")

	between.leads(launch(t, "127.0.0.1:0").url)
	for _, v := range []visitor{ada, bob} {
		v.comesBack()
		v.sees(".note", "The server has started anew")
	}
	bob.types("#draft", "after\n")
	ada.lines("before", "after")
	bob.lines("before", "after")
	// The rooms were joined again.
	for _, v := range []visitor{ada, bob} {
		v.clicks("#channels li:nth-child(3) .open")
		v.sees("#channel-title", "#tea")
	}
	ada.types("#draft", "still for tea\n")
	bob.lines("still for tea")
}
