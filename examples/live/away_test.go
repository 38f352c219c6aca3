package main

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
)

const (
	missed  = 50  // messages that are kept for who is away
	tooMany = 270 // more than are kept
)

// awayFor is how long a tab is cut off: as long as the environment variable LIVE_AWAY says, which make long
// sets to 30s, or 3 s.
func awayFor(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(cmp.Or(os.Getenv("LIVE_AWAY"), "3s"))
	if err != nil {
		t.Fatalf("the environment variable LIVE_AWAY: %v", err)
	}
	return d
}

// TestNobodyMissesAMessage checks that a tab which was cut off while another spoke shows all that was said, once and
// in order, as recovered; and that it says so when that is more than is kept. It is so with sessions and without, and
// when the tab's node is gone meanwhile.
func TestNobodyMissesAMessage(t *testing.T) {
	b := startBrowser(t)
	for name, c := range map[string]struct {
		serve func(t *testing.T) (urls []string, meanwhile func())
		life  string // what the page says of its connection, once it is back
	}{
		"in a session": {
			func(t *testing.T) ([]string, func()) { return []string{livetest.Start(t).URL}, nil },
			"connected: the session goes on",
		},
		"without sessions": {
			func(t *testing.T) ([]string, func()) {
				return []string{livetest.Start(t, ws.Options{NoResume: true}).URL}, nil
			},
			"connected",
		},
		"at another node": {
			func(t *testing.T) ([]string, func()) {
				f := launchNodes(t, 3)
				return f.urls, func() { f.kill(t, 0) }
			},
			"connected: a new session (unknown)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			urls, meanwhile := c.serve(t)
			ada, bob, between := twoTabs(t, b, urls)
			between.isAway(ada, func() {
				if meanwhile != nil {
					meanwhile()
				}
				// All of the time is filled with messages: on a machine that has none for each, with several at once.
				every, began := awayFor(t)/missed, time.Now()
				next := time.NewTicker(every)
				defer next.Stop()
				for said := 0; said < missed; {
					<-next.C
					due := min(int(time.Since(began)/every), missed)
					bob.says(numbers(said+1, due)...)
					said = due
				}
				bob.sees(".msg:last-child .text", strconv.Itoa(missed))
			})
			ada.sees(".note.away", fmt.Sprintf("%d messages came while you were away", missed))
			ada.waits(fmt.Sprintf(`document.querySelectorAll(".msg.late").length === %d`, missed))
			ada.sees(".msg.late .recovered", "recovered")
			ada.waits(`document.querySelectorAll(".note.loud").length === 0`)
			ada.waits(fmt.Sprintf(`[...document.querySelectorAll("#frames .life .json")].at(-1).textContent === %q`, c.life))
			ada.waits(fmt.Sprintf(`[...document.querySelectorAll("#frames .in .json")].filter(e => e.textContent.startsWith('{"event":"recorded"')).length === %d`, missed+1)) // by these, each once
			ada.isWellMarked()
			all := append([]string{"before"}, numbers(1, missed)...)
			ada.lines(all...)

			// What is new is new.
			bob.says("and on")
			all = append(all, "and on")
			ada.lines(all...)
			ada.waits(`!document.querySelector(".msg:last-child").classList.contains("late")`)

			// More than is kept, by somebody who is quick.
			eve := dial(t, urls[len(urls)-1]+"/ws")
			between.isAway(ada, func() {
				for _, text := range numbers(1001, 1000+tooMany) {
					eve.Call("message", map[string]string{"author": "Eve", "text": text}).OK()
				}
			})
			ada.sees(".note.loud", "Some messages are lost: the server keeps the last 256")
			ada.lines(append(all, numbers(1001+tooMany-256, 1000+tooMany)...)...)
			bob.hasNoFaults()
		})
	}
}

// isWellMarked checks that what is marked as recovered can be read.
func (v visitor) isWellMarked() {
	v.t.Helper()
	for theme, dark := range map[string]bool{"dark": true, "light": false} {
		v.views(1440, 1100, dark)
		v.waits(fmt.Sprintf(`document.documentElement.dataset.theme === %q`, theme))
		v.faultless(v.t, theme+",")
	}
}

// twoTabs returns two tabs in which somebody has spoken: one behind a gate, at the first of the URLs, and one at the
// last.
func twoTabs(t *testing.T, b *browser.Browser, urls []string) (ada, bob visitor, between *gate) {
	t.Helper()
	between = newGate(t)
	page, err := b.PageBehind(between.url(), urls[0])
	ada = enters(t, page, err, "Ada")
	bob = visit(t, b, urls[len(urls)-1], "Bob")
	for _, v := range []visitor{ada, bob} {
		v.sees("#people-title", "Here now: 2")
		if len(urls) > 1 {
			v.sees("#nodes-self", fmt.Sprintf("one of %d", len(urls)))
		}
	}
	bob.clicks("#wire-pause") // frames that nobody looks at
	bob.says("before")
	ada.lines("before")
	return ada, bob, between
}

// isAway has a tab be cut off until meanwhile has returned.
func (g *gate) isAway(away visitor, meanwhile func()) {
	away.t.Helper()
	g.set(true)
	away.offline(true)
	away.waits(`document.querySelector("#state").dataset.state === "waiting"`)
	meanwhile()
	away.waits(`document.querySelector("#state").dataset.state !== "open"`)
	g.set(false)
	away.offline(false)
	away.connects()
}

// numbers are the texts of a range.
func numbers(from, to int) []string {
	all := make([]string, 0, to-from+1)
	for n := from; n <= to; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// says sends messages as the form does, faster than by keys.
func (v visitor) says(texts ...string) {
	v.t.Helper()
	for i, text := range texts {
		texts[i] = `document.querySelector("#draft").value = ` + strconv.Quote(text) + `, document.querySelector("#compose").requestSubmit()`
	}
	v.eval(strings.Join(append([]string{"0"}, texts...), ", "))
}

func (v visitor) offline(is bool) {
	v.t.Helper()
	if err := v.Offline(is); err != nil {
		v.t.Fatal(err)
	}
}
