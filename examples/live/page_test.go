package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
)

// TestRoomsAreKeptOverAReload checks that a reload keeps the rooms of a tab, forgets those that were
// left, and opens the same conversation again.
func TestRoomsAreKeptOverAReload(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada, bob := visit(t, b, p.url, "Ada"), visit(t, b, p.url, "Bob")
	ada.clicks(`[aria-label="Leave #lobby"]`)
	ada.waits(`document.querySelectorAll("#channels li").length === 1`)
	for _, room := range []string{"tea", "a “quoted” room"} {
		for _, v := range []visitor{ada, bob} {
			v.types("#room", room+"\n")
			v.sees("#channel-title", "#"+room)
		}
	}
	ada.clicks("#channels li:nth-child(2) .open")
	ada.reloads()
	ada.sees("#channel-title", "#tea")
	ada.waits(`JSON.stringify([...document.querySelectorAll("#channels .open .cut")].map(e => e.textContent)) ===
		JSON.stringify(["Everyone", "#tea", "#a “quoted” room"])`)

	// The server has her in them, too, and not in the lobby.
	bob.sees("#people", "Ada")
	bob.types("#draft", "welcome back\n")
	ada.sees("#channels li:nth-child(3) .count", "1")
	bob.clicks("#channels li:nth-child(2) .open") // the lobby
	bob.types("#draft", "only Bob\n")
	bob.lines("only Bob")
	bob.waits(`!document.querySelector("#people").textContent.includes("Ada")`)
	ada.sees("#me", "Ada")

	// A tab of its own begins anew.
	visit(t, b, p.url, "Eve").waits(`document.querySelectorAll("#channels li").length === 2`)
	for _, v := range []visitor{ada, bob} {
		v.hasNoFaults()
	}
}

// TestWhoIsHereInBrowsers checks that the people who are here are pushed to every tab.
func TestWhoIsHereInBrowsers(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada := visit(t, b, p.url, "Ada")
	ada.sees("#people-title", "Here now: 1")
	bob := visit(t, b, p.url, "Bob")
	for _, v := range []visitor{ada, bob} {
		v.sees("#presence", "2")
		v.sees("#people-title", "Here now: 2")
		v.waits(`document.querySelectorAll("#people li").length === 2 && document.querySelectorAll("#faces .face").length === 2`)
		v.sees("#frames .in .json", `{"event":"here","data":{"count":2,"people":[{"name":"Ada"},{"name":"Bob"}]}}`)
	}
	ada.types("#room", "tea\n")
	ada.sees("#people-title", "In #tea: 1")
	bob.types("#room", "tea\n")
	ada.sees("#people-title", "In #tea: 2")
	bob.clicks(`[aria-label="Leave #tea"]`)
	ada.sees("#people-title", "In #tea: 1")
	ada.clicks("#channels li:first-child .open")
	bob.Close()
	ada.sees("#presence", "1")
	ada.sees("#people-title", "Here now: 1")
	// Nobody asks for it.
	ada.waits(`![...document.querySelectorAll("#frames .out .json")].some(e => e.textContent.startsWith('{"event":"presence"'))`)
	ada.hasNoFaults()
}

// TestWhoSpeaksAsWhom checks that visitors choose their names freely, and that the server says which
// user somebody is.
func TestWhoSpeaksAsWhom(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	between := newProxy(t, p.url)
	ada, bob := visit(t, b, between.url(), "Ada"), visit(t, b, p.url, "Bob")
	ada.sees("#speaker", "You speak as Ada, a guest")
	ada.types("#draft", "as a guest\n")
	bob.lines("as a guest")
	bob.waits(`document.querySelectorAll(".msg .badge").length === 0`)
	ada.signsIn("ann")
	ada.sees("#speaker", "You speak as Ada, signed in as ann")
	bob.sees("#people .badge", "ann ✓")
	ada.types("#draft", "as ann\n")
	bob.sees(".msg:last-child .badge", "ann ✓")
	for _, v := range []visitor{ada, bob} {
		v.types("#room", "tea\n")
		v.sees("#channel-title", "#tea")
	}
	ada.types("#draft", "in a room\n")
	bob.lines("in a room")
	bob.sees(".msg .who b", "Ada")
	bob.sees(".msg .badge", "ann ✓")

	// Somebody else by that name is told so, and is not taken for the first.
	other := visit(t, b, p.url, "Ada")
	other.sees("#speaker", "You speak as Ada, a guest – one of 2 by that name")
	other.lines("as a guest", "as ann")
	other.waits(`document.querySelectorAll(".msg.own").length === 1`) // a guest called Ada said one of them

	// The token is in no header, and in no URL.
	heard := between.heard()
	if strings.Contains(heard, "bearer") || !strings.Contains(heard, "\r\nSec-WebSocket-Protocol: wsgen.v1.json\r\n") {
		t.Error("the page does not offer wsgen.v1.json and nothing else")
	}
	if asked := regexp.MustCompile(`GET /\S*\?\S*`).FindString(heard); asked != "" {
		t.Errorf("the page asks for %s", asked)
	}
	for _, v := range []visitor{ada, bob, other} {
		v.hasNoFaults()
	}
}

// TestAMessageThatIsTooLong checks that the page tells of a message that the server would not take
// before it sends that, and that no text is lost.
func TestAMessageThatIsTooLong(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada, bob := visit(t, b, p.url, "Ada"), visit(t, b, p.url, "Bob")
	for _, text := range []string{`"x".repeat(66000)`, `"é".repeat(33000)`, `"\n<".repeat(33000)`} {
		ada.eval(`document.querySelector("#draft").value = ` + text + `, document.querySelector("#draft").dispatchEvent(new Event("input"))`)
		ada.sees("#told-text", "Too long to send:")
		ada.waits(`document.querySelector("#draft").ariaInvalid === "true"`)
		ada.clicks("#send")
		ada.waits(`document.querySelector("#draft").value.trim() === (` + text + `).trim()`)
	}
	// The longest that fits is sent.
	ada.eval(`document.querySelector("#draft").value = "x".repeat(65000), document.querySelector("#draft").dispatchEvent(new Event("input"))`)
	ada.waits(`document.querySelector("#told").hidden && document.querySelector("#draft").ariaInvalid === "false"`)
	ada.clicks("#send")
	bob.waits(`document.querySelector(".msg .text")?.textContent.length === 65000`)
	ada.waits(`document.querySelector("#draft").value === ""`)
	// A long message is cut, and shown whole on demand.
	bob.waits(`document.querySelector(".msg .text").clientHeight < 400`)
	bob.clicks(".msg .whole")
	bob.waits(`document.querySelector(".msg .text").clientHeight > 4000`)
	ada.waits(`document.querySelectorAll("#frames .life").length === 1`) // connected once, and never lost
	for _, v := range []visitor{ada, bob} {
		v.hasNoFaults()
	}
}

// TestFacesDiffer checks that names have faces of their own, as long as there are colours.
func TestFacesDiffer(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada := visit(t, b, p.url, "Ada")
	faces := func(names ...string) (colours []string) {
		t.Helper()
		quoted := make([]string, len(names))
		for i, name := range names {
			quoted[i] = fmt.Sprintf("%q", name)
		}
		colours, err := browser.Eval[[]string](ada.Page, `import("/static/js/people.js").then(({ face }) =>
			[`+strings.Join(quoted, ",")+`].map((name) => face(name).style.getPropertyValue("--face")))`)
		if err != nil {
			t.Fatal(err)
		}
		return colours
	}
	seen := map[string]string{}
	names := []string{"Ada", "Adam", "Adb", "Adc", "ada", "Ad", "Adele", "Adrian", "Adnan", "Adah", "Adair", "Adara"}
	for i, colour := range faces(names...) {
		if other, taken := seen[colour]; taken || colour == "" {
			t.Errorf("%s looks like %q: %q", names[i], other, colour)
		}
		seen[colour] = names[i]
	}
	if again := faces("Ada", "one more than there are colours"); seen[again[0]] != "Ada" || seen[again[1]] == "" {
		t.Errorf("faces %q", again)
	}
}

// TestTheKeyboardStaysWhereItIs checks that nothing takes the focus of the keyboard away.
func TestTheKeyboardStaysWhereItIs(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada, bob := visit(t, b, p.url, "Ada"), visit(t, b, p.url, "Bob")
	ada.types("#room", "tea\n")
	ada.sees("#channel-title", "#tea")
	ada.eval(`document.querySelector("#channels li:nth-child(2) .open").focus()`)
	bob.types("#draft", "hello\n")
	ada.sees("#channels li:first-child .count", "1")
	ada.waits(`document.activeElement === document.querySelector("#channels li:nth-child(2) .open")`)
	ada.clicks(`[aria-label="Leave #tea"]`)
	ada.sees("#channel-title", "Everyone")
	ada.waits(`document.activeElement.matches("#channels .open")`)

	// All the frames are one stop of the Tab key, and arrow keys go through them.
	ada.waits(`document.querySelectorAll('#frames [tabindex="0"]').length === 1`)
	press := func(key string) {
		t.Helper()
		ada.eval(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "` + key + `", bubbles: true }))`)
	}
	ada.eval(`document.querySelector('#frames [tabindex="0"]').focus()`)
	press("Home")
	ada.waits(`document.activeElement === document.querySelector("#frames li:first-child button")`)
	press("ArrowDown")
	ada.waits(`document.activeElement === document.querySelector("#frames li:nth-child(2) button")`)
	bob.types("#draft", "and more frames\n")
	ada.lines("hello", "and more frames")
	ada.waits(`document.activeElement === document.querySelector("#frames li:nth-child(2) button") && document.activeElement.tabIndex === 0`)
	ada.eval(`document.activeElement.click()`)
	ada.waits(`document.activeElement.ariaExpanded === "true"`)
	for _, v := range []visitor{ada, bob} {
		v.hasNoFaults()
	}
}
