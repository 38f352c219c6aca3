package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
	ws "github.com/wsgen/wsgen/runtime"
)

// windows are a phone upright and on its side, a laptop, and a large screen.
var windows = [][2]int64{{390, 844}, {844, 390}, {1280, 800}, {1920, 1080}}

// eval evaluates an expression for what it does.
func (v visitor) eval(expression string) {
	v.t.Helper()
	if _, err := browser.Eval[bool](v.Page, "("+expression+", true)"); err != nil {
		v.t.Fatal(err)
	}
}

// audit returns what testdata/audit.js finds wrong with the page as it stands.
func (v visitor) audit() []string {
	v.t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "audit.js"))
	if err != nil {
		v.t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(script), "\n(")
	found, err := browser.Eval[[]string](v.Page, "("+code)
	if err != nil {
		v.t.Fatal(err)
	}
	return found
}

// everyWindow calls check in each size, light and dark.
func (v visitor) everyWindow(t *testing.T, check func(visitor)) {
	for _, size := range windows {
		for _, dark := range []bool{false, true} {
			theme := map[bool]string{false: "light", true: "dark"}[dark]
			t.Run(fmt.Sprintf("%dx%d %s", size[0], size[1], theme), func(t *testing.T) {
				here := visitor{v.Page, t}
				here.views(size[0], size[1], dark)
				here.waits(fmt.Sprintf(`innerWidth === %d && innerHeight === %d && document.documentElement.dataset.theme === %q`, size[0], size[1], theme))
				// All of it: two turns, so that what follows a resize has been drawn.
				if _, err := browser.Eval[bool](v.Page, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`); err != nil {
					t.Fatal(err)
				}
				check(here)
			})
		}
	}
}

// faultless fails for what the audit finds in each of the views that the window has.
func (v visitor) faultless(t *testing.T, what string) {
	t.Helper()
	views := []string{""}
	if small, err := browser.Eval[bool](v.Page, `document.querySelector("#views").checkVisibility()`); err != nil {
		t.Fatal(err)
	} else if small {
		views = []string{"side", "inspect", "chat"}
	}
	for _, view := range views {
		if view != "" {
			v.clicks(`#views [data-view="` + view + `"]`)
		}
		for _, found := range v.audit() {
			t.Errorf("%s %s: %s", what, view, found)
		}
	}
}

func TestThePageFitsItsWindow(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	page, err := b.Page(p.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	v := visitor{page, t}
	t.Run("welcome", func(t *testing.T) {
		v.everyWindow(t, func(v visitor) {
			for _, found := range v.audit() {
				v.t.Error(found)
			}
		})
	})

	v.views(1280, 800, false)
	v.types("#name", "Ada\n")
	v.connects()
	v.sees("#heartbeat", "UTC")
	t.Run("first sight", func(t *testing.T) {
		v.everyWindow(t, func(v visitor) {
			v.faultless(v.t, "first sight,")
			// The conversation, and beside it the frames, have at least half of the window's height.
			for _, list := range []string{"messages", "frames"} {
				v.waits(`(list => !list.checkVisibility() || list.clientHeight >= innerHeight / 2)(document.querySelector("#` + list + `"))`)
			}
		})
	})
	v.views(1920, 1080, false)
	fill(t, v, p.url)
	t.Run("full", func(t *testing.T) {
		v.everyWindow(t, func(v visitor) {
			for _, open := range []string{"true", "false"} {
				v.eval(`document.querySelectorAll("details").forEach(d => d.open = ` + open + `)`)
				v.faultless(v.t, "with panels open="+open+",")
			}
		})
	})
	v.hasNoFaults()
}

// fill puts everything on the page that there can be, long and many.
func fill(t *testing.T, v visitor, url string) {
	t.Helper()
	v.eval(`document.querySelectorAll("details").forEach(d => d.open = true)`)
	long := strings.Repeat("Wolfeschlegelsteinhausenberger", 2)
	for i := range 12 {
		name := fmt.Sprintf("%d%s", i, long)
		guest := dial(t, url+"/ws?access_token=demo-ben")
		guest.Call("hello", map[string]string{"name": name[:32]}).OK()
		guest.Call("message", map[string]string{"author": name[:32], "text": strings.Repeat("long", 100*i) + " " + long}).OK()
	}
	for i := range 14 {
		room := fmt.Sprintf("%d%s", i, long)[:40]
		v.types("#room", room+"\n")
		v.sees("#channel-title", "#"+room)
	}
	v.types("#draft", strings.Repeat("in a room ", 30)+"\n")
	v.sees(".msg .text", "in a room")
	v.types("#order-text", long+"\n")
	v.sees("#orders", "ready")
	v.signsIn("ann")
	v.types("#announce-text", strings.Repeat(long+" ", 8)+"\n")
	v.sees("#banner-text", long)
	v.clicks("#notify-open")
	v.clicks("#notify-ping")
	v.sees("#notify-result", "pong")
	v.clicks("#svc-open")
	v.clicks("#svc-join")
	v.sees("#svc-result", "Joined room")
	v.eval(`document.querySelector("#flood-policy").value = "close_slow"`)
	v.clicks("#flood-go")
	v.waits(`document.querySelector("#flood-bar").children.length > 0`)
	v.clicks("#channels li:first-child .open")
	v.sees(".msg .text", long)
	v.types("#draft", "banned or not, this is what a refusal looks like")
	v.eval(`document.querySelector("#told-text").textContent = "Not sent: " + "a long reason ".repeat(20), document.querySelector("#told").hidden = false`)
}

// TestNothingMoves checks that parts which come and go by themselves move nothing that a visitor might
// be about to press.
func TestNothingMoves(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	between := newProxy(t, p.url)
	ada := visit(t, b, between.url(), "Ada")
	ada.eval(`document.querySelector("#counting").open = true`)
	ada.remembersTyping()
	boxes := func() string {
		t.Helper()
		got, err := browser.Eval[map[string]string](ada.Page, `Object.fromEntries(
			[...document.querySelectorAll("button, input, select, textarea, summary, h2, dl, dd, .block, .bar, .chat, .messages, .wire")]
			.filter(e => e.checkVisibility() && !e.closest("#frames, #state, .over, .msg"))
			.map((e, i) => { const b = e.getBoundingClientRect(); return [(e.id || e.className || e.tagName) + " " + i,
				[b.x, b.y, b.width, b.height].map(Math.round).join(" ")]; }))`)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, size := range windows {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			ada := visitor{ada.Page, t}
			ada.views(size[0], size[1], false)
			ada.waits(fmt.Sprintf(`innerWidth === %d`, size[0]))
			ada.connects()
			ada.sees("#speaker", "a guest")
			counts := func(connections string) {
				t.Helper()
				ada.waits(`document.querySelector("#count-connections").textContent === "` + connections + `"`)
			}
			counts("1")
			before := boxes()
			same := func(what string) {
				t.Helper()
				if after := boxes(); after != before {
					t.Errorf("%s: %s", what, different(before, after))
				}
			}

			// One comes, says hello, types, and says something.
			bob := dial(t, p.url+"/ws")
			bob.Call("hello", map[string]string{"name": "Bob"}).OK()
			ada.sees("#presence", "2")
			counts("2")
			same("somebody came")
			bob.Send("typing", map[string]string{"author": "Bob"})
			ada.sees("#typing", "Bob is typing")
			same("somebody types")
			text := fmt.Sprint("in a window of ", size)
			bob.Call("message", map[string]string{"author": "Bob", "text": text}).OK()
			ada.sees(".msg .text", text)
			same("somebody said something")

			response, err := http.Post(p.url+"/announce", "application/json", strings.NewReader(`{"text":"doors open at nine"}`))
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			ada.sees("#banner-text", "doors open at nine")
			same("an announcement")
			ada.clicks("#banner-close")

			bob.Close(ws.CloseNormal, "")
			ada.sees("#presence", "1")
			between.holds()
			ada.waits(`document.querySelector("#state").dataset.state !== "open"`)
			same("the connection is lost")
			between.mends()
			ada.comesBack()
			same("and back")
			counts("1")
			same("and counted")
		})
	}
}

// different names the boxes that are not the same.
func different(before, after string) string {
	var a, b map[string]string
	_ = json.Unmarshal([]byte(before), &a)
	_ = json.Unmarshal([]byte(after), &b)
	var out []string
	for what, box := range a {
		if b[what] != box {
			out = append(out, fmt.Sprintf("%s was at %s, is at %s", what, box, b[what]))
		}
	}
	for what, box := range b {
		if _, was := a[what]; !was {
			out = append(out, fmt.Sprintf("%s is new at %s", what, box))
		}
	}
	return strings.Join(out, "; ")
}
