package packed

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
)

// openPage opens a page of the user's program in a browser. It returns nil if this
// machine has no browser, which in CI is a failure.
func (u *user) openPage(t *testing.T) *browser.Page {
	t.Helper()
	path, err := browser.Find()
	if errors.Is(err, browser.ErrMissing) && os.Getenv("CI") != "true" {
		t.Logf("nothing is tried in a browser: %v", err)
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.Start(path, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	page, err := b.Page("http://" + u.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	return page
}

// console pastes lines, all at once, and waits until they have printed
// something.
func (u *user) console(t *testing.T, s step, lines string) {
	t.Helper()
	page := u.openPage(t)
	if page == nil {
		return
	}
	if _, err := browser.Eval[bool](page, "console.log = text => { globalThis.printed = text }, true"); err != nil {
		t.Fatal(err)
	}
	if _, err := browser.Eval[bool](page, lines+";true"); err != nil {
		t.Fatalf("%s: %v", s.at, err)
	}
	if err := page.Wait(`globalThis.printed !== undefined`); err != nil {
		t.Fatalf("%s: %v", s.at, err)
	}
}

// lookAtPage uses the page of a new project, whose program runs, as somebody
// does who tries it: they talk, the program is started again, and they go on.
func (u *user) lookAtPage(t *testing.T) {
	t.Helper()
	page := u.openPage(t)
	if page == nil {
		return
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\nthe page: %q", err, page.Faults())
		}
	}
	// The page notes the ids of calls.
	_, err := browser.Eval[bool](page, `(() => {
		globalThis.sent = []
		const send = WebSocket.prototype.send
		WebSocket.prototype.send = function (text) {
			const { id } = JSON.parse(text)
			if (id) sent.push(id)
			send.call(this, text)
		}
		return true
	})()`)
	must(err)
	must(page.WaitText("#state", "connected"))
	must(page.Type("[name=author]", "ada"))
	must(page.Type("[name=text]", "one\n"))
	must(page.WaitText("li", "ada: one"))
	must(page.Type("[name=text]", "two\n"))
	must(page.WaitText("li", "ada: two"))
	must(page.Wait(`sent.join() === "1,2"`))
	// A browser would complain if the page asked for a file that is not there.
	if faults := page.Faults(); len(faults) > 0 {
		t.Errorf("the page complains: %q", faults)
	}

	u.stop()
	must(page.WaitText("#state", "not connected"))
	must(page.Type("[name=text]", "three\n"))
	must(page.Wait(`document.querySelector("[name=text]").value === "three"`)) // not lost
	u.do(t, u.served)
	must(page.Wait(`document.querySelector("#state").textContent === "connected"`))
	must(page.Type("[name=text]", "\n"))
	must(page.WaitText("li", "ada: three"))
	must(page.Wait(`sent.join() === "1,2,3"`))
	if lines, err := page.Text("li"); err != nil || strings.Join(lines, "|") != "ada: one|ada: two|ada: three" {
		t.Errorf("the page shows %q, %v", lines, err)
	}
}
