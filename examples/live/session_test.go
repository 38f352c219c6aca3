package main

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// sessions is what a client of sessions offers.
var sessions = wstest.Header("Sec-WebSocket-Protocol", "wsgen.v1.json")

// connected is what the server says of a session.
type connected struct {
	SID, Why string
	Resumed  bool
	Seq      int
}

// goesOn opens a session, or goes on with the one that had so many messages; sid "" is none.
func goesOn(t *testing.T, url, sid string, had int) (*wstest.Conn, connected) {
	t.Helper()
	c := dial(t, url+"/ws", sessions)
	resume := ""
	if sid != "" {
		resume = fmt.Sprintf(`,"resume":{"sid":%q,"seq":%d}`, sid, had)
	}
	c.SendText(`{"event":"$connect","data":{"client":"a test"` + resume + `}}`)
	return c, wstest.Expect[connected](c, "$connected")
}

// counted takes all that came before the answer to a $ping, and returns what of it counts.
func counted(c *wstest.Conn) (texts []string) {
	c.SendText(`{"event":"$ping","data":{"seq":0}}`)
	for {
		switch text := c.Text(); {
		case strings.HasPrefix(text, `{"event":"$pong"`):
			return texts
		case !strings.HasPrefix(text, `{"event":"$`):
			texts = append(texts, text)
		}
	}
}

// withID takes what comes until it has an id.
func withID(c *wstest.Conn) string {
	for {
		if text := c.Text(); strings.Contains(text, `,"id":`) {
			return text
		}
	}
}

// TestTheDemoKeepsASession checks that a client whose line is cut is in its room and among the people as
// if nothing had been, and hears all that was said meanwhile, once.
func TestTheDemoKeepsASession(t *testing.T) {
	p := launch(t, "127.0.0.1:0")
	between := newProxy(t, p.url)
	bob := dial(t, p.url+"/ws")
	bob.Call("hello", map[string]string{"name": "Bob"}).OK()

	ada, first := goesOn(t, between.url(), "", 0)
	if first.Resumed || first.SID == "" || first.Why != "" {
		t.Fatalf("a first session: %+v", first)
	}
	ada.SendText(`{"event":"hello","id":1,"data":{"name":"Ada"}}`)
	ada.SendText(`{"event":"join","id":2,"data":{"room":"tea"}}`)
	had := len(counted(ada))
	between.cut()
	var want []string
	for _, text := range []string{"one", "two", "two"} {
		bob.Call("message", map[string]string{"author": "Bob", "text": text}).OK()
		want = append(want, `{"event":"message","data":{"author":"Bob","text":"`+text+`"}}`)
	}
	bob.Call("say", map[string]string{"room": "tea", "text": "milk?"}).OK()
	want = append(want, `{"event":"said","data":{"room":"tea","text":"milk?","author":"Bob"}}`)

	ada, again := goesOn(t, p.url, first.SID, had)
	if !again.Resumed || again.SID != first.SID || again.Seq != 2 {
		t.Fatalf("resumed: %+v", again)
	}
	var got []string
	for _, text := range counted(ada) {
		if !strings.HasPrefix(text, `{"event":"heartbeat"`) {
			got = append(got, text)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("came meanwhile:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := wstest.Decode[int](bob.Call("presence", nil)); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
	alone := 0
	for _, text := range bob.Texts() {
		if strings.HasPrefix(text, `{"event":"here","data":{"count":1,`) {
			alone++
		}
	}
	if alone != 1 { // before Ada came
		t.Errorf("Bob was told %d times that he is alone", alone)
	}

	// Who does not know the secret begins anew.
	if _, other := goesOn(t, p.url, "guessed", 0); other.Resumed || other.Why != "unknown" || other.SID == first.SID {
		t.Errorf("a guess: %+v", other)
	}
}

// isCut presses the button that cuts a page's line for some seconds, and holds the two timers that this starts: a busy
// machine may need longer for what is said meanwhile. So the page waits until Retry is pressed or the test calls them:
// held.mend is the end of these seconds, held.attempt the next attempt to connect.
func (v visitor) isCut() {
	v.t.Helper()
	v.eval(`(button => {
		const timers = [];
		const { setTimeout } = window;
		const hold = (timer) => -timers.push(timer);
		button.addEventListener("click", () => (window.setTimeout = hold), { once: true, capture: true });
		button.addEventListener("click", () => {
			window.setTimeout = setTimeout;
			const [mend, attempt] = timers;
			window.held = { mend, attempt };
		}, { once: true });
	})(document.querySelector("#line-cut"))`)
	v.clicks("#line-cut")
	v.sees("#line-result", "Cut for 5 s.")
	v.waits(`document.querySelector("#state").dataset.state === "waiting"`)
	v.sees("#state-text", "Line cut, again in")
	v.sees("#line-state", "has no line")
}

// TestTheLineIsCut checks that a page whose line is cut goes on with its session, and shows what came
// meanwhile.
func TestTheLineIsCut(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada, bob := visit(t, b, p.url, "Ada"), visit(t, b, p.url, "Bob")
	bob.sees("#people-title", "Here now: 2")
	ada.sees("#line-state", "has a line")
	ada.isCut()
	for _, text := range []string{"one", "two", "two"} {
		bob.types("#draft", text+"\n")
	}
	bob.lines("one", "two", "two")
	ada.lines()
	ada.clicks("#retry")
	ada.sees("#line-result", "came meanwhile, nothing missing.")
	ada.waits(`/went on: ([3-9]|\d\d+) frames/.test(document.querySelector("#line-result").textContent)`)
	ada.lines("one", "two", "two")
	ada.sees("#frames .life .json", "connected: the session goes on")
	ada.sees("#presence", "2")

	// By itself, too, though not before the line is whole; and from the back/forward cache.
	ada.isCut()
	ada.eval(`window.held.attempt()`)
	bob.types("#draft", "three\n")
	bob.lines("one", "two", "two", "three")
	ada.sees("#state-text", "Line cut, again in") // what it tried came to nothing
	ada.lines("one", "two", "two")
	ada.eval(`window.held.mend()`)
	ada.lines("one", "two", "two", "three")
	// There a page has no timers: nothing but the way back brings it to the server.
	ada.eval(`(({ setTimeout }) => {
		window.setTimeout = () => -1;
		dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
		window.setTimeout = setTimeout;
	})(window)`)
	ada.sees("#frames .life .json", "left with 4000: the page is hidden")
	bob.types("#draft", "four\n")
	bob.lines("one", "two", "two", "three", "four")
	ada.lines("one", "two", "two", "three")
	ada.eval(`dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`)
	ada.lines("one", "two", "two", "three", "four")
	ada.waits(`[...document.querySelectorAll("#frames .life .json")].filter(e => e.textContent === "connected: the session goes on").length === 3`)

	// Nobody saw her go, the page loaded nothing anew, and shows no secret.
	bob.waits(`![...document.querySelectorAll("#frames .in .json")].some(e => e.textContent.startsWith('{"event":"here","data":{"count":1,'))`)
	ada.waits(`[...document.querySelectorAll("#frames .out .json")].filter(e => e.textContent.startsWith('{"event":"hello"')).length === 1`)
	if shown, err := browser.Eval[string](ada.Page, `document.querySelector("#frames").textContent`); err != nil || !strings.Contains(shown, `"sid":"…"`) ||
		strings.Count(shown, `"sid":"`) != strings.Count(shown, `"sid":"…"`) {
		t.Errorf("the secret of a session is shown: %v\n%s", err, shown)
	}
	for _, v := range []visitor{ada, bob} {
		v.hasNoFaults()
	}
}

// TestThePageComesOutOfTheCache checks that a page which was left has no line, and that its session goes on when
// somebody comes back to it.
func TestThePageComesOutOfTheCache(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ada, bob := visit(t, b, p.url, "Ada"), visit(t, b, p.url, "Bob")
	bob.sees("#people-title", "Here now: 2")
	// The driver's own waiting does not survive a change of pages.
	becomes := func(what, expression string) {
		t.Helper()
		livetest.Eventually(t, what, func() bool {
			is, err := browser.Eval[bool](ada.Page, expression)
			return is && err == nil
		})
	}
	ada.eval(`window.before = true, setTimeout(() => location.assign("/healthz"))`)
	becomes("another page is there", `location.pathname === "/healthz" && document.readyState === "complete"`)
	bob.types("#draft", "meanwhile\n")
	bob.lines("meanwhile")
	ada.eval(`setTimeout(() => history.back())`)
	becomes("the page is there again, as it was left", `location.pathname === "/" && window.before === true`)
	becomes("what was said is shown", `document.querySelector(".msg .text")?.textContent === "meanwhile"`)
	life := `[...document.querySelectorAll("#frames .life .json")].map(e => e.textContent).join("; ")`
	if got, err := browser.Eval[string](ada.Page, life); err != nil || got != "connected; left with 4000: the page is hidden; connected: the session goes on" {
		t.Errorf("its connections: %s, %v", got, err)
	}
	bob.waits(`![...document.querySelectorAll("#frames .in .json")].some(e => e.textContent.startsWith('{"event":"here","data":{"count":1,'))`)
	bob.hasNoFaults()
}

// TestTheDemoAsksATab checks that an admin gets the answer of one tab, and that the one which says yes is
// closed.
func TestTheDemoAsksATab(t *testing.T) {
	p := launch(t, "127.0.0.1:0")
	ann := dial(t, p.url+"/ws", wstest.Token("demo-ann"))
	ada, _ := goesOn(t, p.url, "", 0)
	ada.Call("hello", map[string]string{"name": "Ada"}).OK()
	plain := dial(t, p.url+"/ws")
	plain.Call("hello", map[string]string{"name": "Bob"}).OK()
	ask := func(by *wstest.Conn, name string) wstest.Reply {
		return by.Call("may_close", map[string]string{"name": name})
	}
	ask(plain, "Ada").ExpectError("unauthenticated")
	ask(dial(t, p.url+"/ws", wstest.Token("demo-ben")), "Ada").ExpectError("forbidden")
	ask(ann, "Eve").ExpectError("not_found")
	ask(ann, "Bob").ExpectError("unavailable") // its client cannot be asked

	for i, c := range []struct{ answer, want string }{
		{`{"event":"confirm","id":"$1","data":false}`, `{"event":"may_close","id":"a","data":false}`},
		{`{"event":"error","id":"$2","data":{"code":"busy","message":"not now"}}`, `{"event":"error","id":"a","data":{"code":"busy","message":"not now","event":"may_close"}}`},
		{`{"event":"confirm","id":"$3","data":true}`, `{"event":"may_close","id":"a","data":true}`},
	} {
		ann.SendText(`{"event":"may_close","id":"a","data":{"name":"Ada"}}`)
		want := fmt.Sprintf(`{"event":"confirm","id":"$%d","data":{"by":"ann","text":"May I close this?"}}`, i+1)
		if got := withID(ada); got != want {
			t.Fatalf("asked %s, want %s", got, want)
		}
		ada.SendText(c.answer)
		if got := withID(ann); got != c.want {
			t.Errorf("%s: %s, want %s", c.answer, got, c.want)
		}
	}
	ada.ExpectClose(1000)
}

// TestATabIsAsked checks that a person is asked, and that an admin sees the answer.
func TestATabIsAsked(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	ann, bob := visit(t, b, p.url, "Ann"), visit(t, b, p.url, "Bob")
	ann.opensAccount()
	ann.types("#ask-name", "Bob\n")
	ann.sees("#ask-result", "unauthenticated")
	ann.signsIn("ann")
	ann.clicks("#ask-go")
	bob.sees("#question-by", "ann asks:")
	bob.sees("#question-text", "May I close this?")
	// The server waits half a minute for a person. So the question is asked anew wherever a busy machine might take as
	// long until it is answered.
	anew := func() {
		t.Helper()
		bob.eval(`document.querySelector("#question").hidden || document.querySelector("#question-no").click()`)
		ann.clicks("#ask-go")
		bob.waits(`!document.querySelector("#question").hidden`)
	}
	bob.everyWindow(t, func(v visitor) {
		anew()
		v.faultless(v.t, "asked,")
	})
	bob.views(390, 844, false)
	anew()
	bob.clicks(`#views [data-view="inspect"]`) // where the question is not
	bob.waits(`document.querySelector("#asked").checkVisibility()`)
	bob.clicks(`#views [data-view="chat"]`)
	bob.views(1440, 1100, false)
	anew()
	bob.clicks("#question-no")
	ann.sees("#ask-result", "Bob says no.")
	bob.waits(`document.querySelector("#question").hidden && document.querySelector("#asked").hidden`)
	ann.clicks("#ask-go")
	bob.waits(`!document.querySelector("#question").hidden`)
	bob.clicks("#question-yes")
	ann.sees("#ask-result", "Bob says yes, and is closed.")
	bob.sees("#state-text", "Closed")
	ann.sees("#presence", "1")
	bob.clicks("#retry")
	bob.connects()
	ann.sees("#presence", "2")
	for _, v := range []visitor{ann, bob} {
		v.hasNoFaults()
	}
}

// restarts posts to /restart, with a field of the header if there is one, and returns the status.
func restarts(t *testing.T, url string, header ...string) (status int, after string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/restart", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(header) > 0 {
		request.Header.Set(header[0], header[1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode, response.Header.Get("Retry-After")
}

// TestTheDemoRestarts checks that a restart in place asks clients to leave, answers what is under way, and
// knows nothing of what was; and who may have one.
func TestTheDemoRestarts(t *testing.T) {
	p := launch(t, "127.0.0.1:0", "DRAIN=0s")
	for _, field := range [][2]string{{"X-Forwarded-For", "127.0.0.1"}, {"Sec-Fetch-Site", "cross-site"}} {
		if status, _ := restarts(t, p.url, field[0], field[1]); status != http.StatusForbidden {
			t.Errorf("%v: %d, want 403", field, status)
		}
	}
	ada, first := goesOn(t, p.url, "", 0)
	ada.Call("message", map[string]string{"author": "Ada", "text": "before"}).OK()
	ada.SendText(`{"event":"nap","id":"n","data":{"ms":3000}}`)
	if status, _ := restarts(t, p.url); status != http.StatusAccepted {
		t.Fatalf("%d, want 202", status)
	}
	if status, after := restarts(t, p.url); status != http.StatusTooManyRequests || after == "" {
		t.Errorf("a second one: %d, Retry-After %q", status, after)
	}
	if away := wstest.Expect[struct{ Reason string }](ada, "$goaway"); away.Reason != "shutdown" {
		t.Errorf("$goaway: %+v", away)
	}
	ada.SendText(`{"event":"order","data":{"text":"tea"}}`) // who works for them works on
	wstest.Expect[any](ada, "order_done")
	if got := withID(ada); got != `{"event":"nap","id":"n","data":null}` {
		t.Errorf("the call under way: %s", got)
	}
	ada.Close(4000, "")
	ada.ExpectClose(4000)

	livetest.Eventually(t, "the next life is ready", func() bool { return answers(p.url + "/readyz") })
	again, second := goesOn(t, p.url, first.SID, 1)
	if second.Resumed || second.Why != "unknown" || second.SID == first.SID {
		t.Errorf("after the restart: %+v", second)
	}
	if got := again.Call("history", nil).Text(); got != "[]" {
		t.Errorf("the history of before: %s", got)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wstest.Expect[any](again, "$goaway")
	again.Close(4000, "")
	if err := p.Wait(); err != nil {
		t.Errorf("exit: %v\n%s", err, &p.stderr)
	}
}

// TestThePageSurvivesARestart checks what a page shows of a restart in place.
func TestThePageSurvivesARestart(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0", "DRAIN=10ms")
	ada := visit(t, b, p.url, "Ada")
	ada.types("#room", "tea\n")
	ada.sees("#channel-title", "#tea")
	ada.clicks("#channels li:first-child .open")
	ada.types("#draft", "before\n")
	ada.lines("before")
	ada.eval(`window.before = document.querySelector("#line-result").clientHeight`)
	ada.clicks("#restart")
	ada.sees("#frames .in .json", `{"event":"$goaway","data":{"reason":"shutdown"`)
	ada.sees("#line-result", "Call answered. A new session (unknown): all is loaded anew.")
	ada.waits(`document.querySelector("#line-result").clientHeight === window.before`) // it moves nothing
	ada.sees(".note", "The server has started anew")
	ada.types("#draft", "after\n")
	ada.lines("before", "after")
	ada.clicks("#channels li:nth-child(3) .open")
	ada.sees("#people-title", "In #tea: 1")
	ada.waits(`document.querySelectorAll("#frames .life").length === 3`)
	// Twice at once: of these one is too soon in any case, however long all this took.
	ada.eval(`window.told = [], new MutationObserver((changes) => told.push(...changes.flatMap(c => [...c.addedNodes].map(n => n.textContent))))
		.observe(document.querySelector("#line-result"), { childList: true })`)
	ada.eval(`document.querySelector("#restart").click(), document.querySelector("#restart").click()`)
	ada.waits(`told.includes("Not restarted: it was restarted a moment ago")`)
	ada.waits(`told.some(what => what.startsWith("It goes away")) || document.querySelectorAll("#frames .life").length === 3`)
}

// TestThePageSurvivesAKill checks that a page whose server is killed loads everything anew when there is
// another, and says so.
func TestThePageSurvivesAKill(t *testing.T) {
	b := startBrowser(t)
	first := launch(t, "127.0.0.1:0")
	between := newProxy(t, first.url)
	ada := visit(t, b, between.url(), "Ada")
	ada.types("#room", "tea\n")
	ada.sees("#channel-title", "#tea")
	ada.clicks("#channels li:first-child .open")
	ada.types("#draft", "before\n")
	ada.lines("before")
	// What became of the call of a restart that was refused is of no interest later.
	ada.eval(`window.fetch = () => Promise.reject(new Error("no way"))`)
	ada.clicks("#restart")
	ada.sees("#line-result", "Not restarted: no way")
	ada.sees("#frames .in .json", `{"event":"nap","id":`)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ada.sees("#state-text", "Connection lost, again in")
	ada.sees("#line-state", "has no line")
	_ = first.Wait()

	second := launch(t, "127.0.0.1:0")
	bob := dial(t, second.url+"/ws")
	bob.Call("message", map[string]string{"author": "Bob", "text": "after"}).OK()
	between.leads(second.url)
	ada.comesBack()
	ada.waits(`document.querySelector("#line-result").textContent === "A new session (unknown): all is loaded anew."`)
	ada.sees("#frames .life .json", "connected: a new session (unknown)")
	ada.sees(".note", "The server has started anew")
	ada.lines("before", "after")
	ada.sees("#presence", "1") // she has said hello again
	bob.Call("say", map[string]string{"room": "tea", "text": "milk?"}).OK()
	ada.sees("#channels li:nth-child(3) .count", "1") // and joined her rooms
}
