package main

import (
	"fmt"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
	ws "github.com/wsgen/wsgen/runtime"
)

// after is what the page shows of the frames that came after the newest watch.
const after = `(list => list.slice(1 + list.findLastIndex(t => t.startsWith('{"event":"watch"'))))
	([...document.querySelectorAll("#frames .json")].map(e => e.textContent))`

func TestCountersInABrowser(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	between := newProxy(t, p.url)
	ada, bob := visit(t, b, between.url(), "Ada"), visit(t, b, p.url, "Bob")
	ada.waits(`!document.querySelector("#counting").open`) // nobody watches who did not ask
	ada.clicks("#counting summary")
	ada.sees("#frames .out .json", `{"event":"watch","data":{"on":true}}`)
	ada.waits(`document.querySelector("#count-connections").textContent === "2"`)
	ada.waits(`document.querySelector("#count-rooms").textContent === "3"`) // the lobby, who follows, who has appeared
	ada.waits(`document.querySelector("#count-shed").textContent === "0"`)
	ada.waits(`/^\d[\d.]* (B|KiB) of [\d.]+ MiB$/.test(document.querySelector("#count-waiting").textContent)`)

	// What happens is in the numbers, and the lines go on.
	guest := dial(t, p.url+"/ws")
	ada.waits(`document.querySelector("#count-connections").textContent === "3"`)
	guest.Send("nobody's", nil)
	guest.ExpectError(ws.CodeUnknownEvent)
	ada.waits(`document.querySelector("#count-refused").textContent === "1"`)
	ada.counts(t, func() {
		for range 30 {
			guest.Send("typing", map[string]string{"author": "Eve"})
		}
	}, `Number(document.querySelector("#count-in-most").textContent) >= 15 && // in one second, or in two
		Number(document.querySelector("#count-out-most").textContent) >= 45`)
	for _, line := range []string{"in", "out"} {
		// Each second is a point, the newest at the right; the highest has the whole height.
		ada.waits(`(points => points.length > 2 && points.at(-1)[0] === 59 && points.at(-2)[0] === 58 &&
			points.every(([x, y]) => y >= 1 && y <= 19) && points.some(([x, y]) => y === 1))
			(document.querySelector("#count-` + line + `-line").getAttribute("points").split(" ").map(p => p.split(",").map(Number)))`)
	}

	// Frames of counters are noise among the others, and only who watches gets them.
	ada.waits(`document.querySelectorAll("#frames .noise .json").length > 2`)
	ada.waits(`[...document.querySelectorAll("#frames li")].every(e => e.textContent.includes('{"event":"counters"') <= e.classList.contains("noise"))`)
	ada.clicks("#wire-quiet")
	ada.waits(`[...document.querySelectorAll("#frames .noise")].every(e => !e.checkVisibility()) && document.querySelector("#frames .out").checkVisibility()`)
	bob.waits(`![...document.querySelectorAll("#frames .json")].some(e => e.textContent.includes("counters"))`)

	// It goes on after a loss, from nothing.
	between.cut()
	ada.waits(after + `.length > 0 && document.querySelectorAll("#frames .life").length > 2`)
	ada.connects()
	ada.waits(`document.querySelector("#count-connections").textContent === "3"`)
	ada.waits(`[...document.querySelectorAll("#frames .out .json")].filter(e => e.textContent.startsWith('{"event":"watch"')).length === 2`)

	// Closed, it costs nothing: of two heartbeats later there is at most the push that was on its way.
	ada.clicks("#counting summary")
	ada.sees("#frames .out .json", `{"event":"watch","data":{"on":false}}`)
	ada.waits(after + `.filter(t => t.startsWith('{"event":"heartbeat"')).length >= 2`)
	ada.waits(after + `.filter(t => t.startsWith('{"event":"counters"')).length < 2`)
	ada.waits(`document.querySelector("#count-connections").textContent === "–" && document.querySelector("#count-in-line").getAttribute("points") === ""`)
	for _, v := range []visitor{ada, bob} {
		v.hasNoFaults()
	}
}

// counts checks that the counters come to show what somebody does. A machine that has no time may need longer for it
// than the second or two of which they tell: then it is done once more.
func (v visitor) counts(t *testing.T, does func(), shown string) {
	t.Helper()
	for range 5 {
		points, err := browser.Eval[int](v.Page, `document.querySelector("#count-in-line").points.length`)
		if err != nil {
			t.Fatal(err)
		}
		does()
		v.waits(fmt.Sprintf(`document.querySelector("#count-in-line").points.length >= %d`, min(points+2, 60)))
		if is, err := browser.Eval[bool](v.Page, shown); is && err == nil {
			return
		}
	}
	v.waits(shown)
}

// TestFramesAreNotDrivenOut checks that what comes again and again takes no place from what does not.
func TestFramesAreNotDrivenOut(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada := visit(t, b, p.url, "Ada")
	ada.eval(`import("/static/js/wire.js").then(({ showFrame }) => {
		document.querySelector("#frames").replaceChildren();
		for (let i = 0; i < 100; i++) showFrame("in", "/ws", '{"event":"message","data":' + i + '}');
		for (let i = 0; i < 1000; i++) showFrame("in", "/ws", '{"event":"' + ["counters", "heartbeat"][i % 2] + '","data":' + i + '}');
		document.querySelector("#frames li.noise button").focus();
		for (let i = 0; i < 100; i++) showFrame("in", "/ws", '{"event":"counters","data":"new"}');
		window.told = document.querySelectorAll("#frames li:not(.noise)").length + " " + document.querySelectorAll("#frames .noise").length +
			" " + document.activeElement.matches("#frames .noise button");
	})`)
	ada.waits(`window.told !== undefined`)
	ada.waits(`window.told === "100 40 true"`)
	ada.hasNoFaults()
}
