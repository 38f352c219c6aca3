package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// patience is how long a page is waited for.
const patience = 30 * time.Second

// tab is a page in Chromium.
type tab struct{ ctx context.Context }

// newTab opens one in a browser of its own.
func newTab(t *testing.T) tab {
	t.Helper()
	exe, err := findChromium()
	if err != nil {
		lack(t, err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(exe), chromedp.UserDataDir(t.TempDir()), chromedp.Headless,
		chromedp.NoFirstRun, chromedp.DisableGPU, chromedp.CombinedOutput(unread{}),
	}
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-extensions", "disable-breakpad", "disable-dev-shm-usage",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	if os.Getuid() == 0 { // Chromium refuses to sandbox for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		stop()
		stopAllocator()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", exe, err)
	}
	return tab{ctx}
}

type unread struct{ io.Writer }

func (unread) Write(p []byte) (int, error) { return len(p), nil }

func findChromium() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if name := os.Getenv("CHROMIUM"); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if exe, err := exec.LookPath(name); err == nil {
			return exe, nil
		}
	}
	return "", errors.New("no Chromium: install it, or set CHROMIUM to its path")
}

func (p tab) do(t *testing.T, what string, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (p tab) open(t *testing.T, url string) {
	t.Helper()
	p.do(t, "open "+url, chromedp.Navigate(url))
}

// wait waits until a JavaScript expression is true, and shows another if it never is.
// A page that is left meanwhile is asked again.
func (p tab) wait(t *testing.T, expression, shown string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for tick := time.NewTicker(30 * time.Millisecond); ; {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if is && err == nil {
			tick.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("in vain: %s (%v)\n%s", expression, err, p.eval(t, shown))
		}
	}
}

func (p tab) eval(t *testing.T, expression string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

// files serves what is built, so that a page has the control's origin.
func (n *node) files() http.Handler { return http.FileServer(http.Dir(n.built)) }

// TestBehavioursChromium runs testdata/behaviours.mjs in a page.
func TestBehavioursChromium(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	control := serveSites(t, n.files())
	p := newTab(t)
	p.open(t, control+"/runs.html")
	p.wait(t, `"results" in window`, `document.title`)
	var all []outcome
	if err := json.Unmarshal([]byte(p.eval(t, `JSON.stringify(results)`)), &all); err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		t.Run(o.Name, func(t *testing.T) {
			if o.Wrong != "" {
				t.Error(o.Wrong)
			}
		})
	}
	if len(all) < 20 {
		t.Errorf("%d behaviours", len(all))
	}
}

// TestPage: a client in a page that goes into the back/forward cache and comes back,
// and whose network is lost and found.
func TestPage(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	control := serveSites(t, n.files())
	made := command(t, control+"/sites")
	var s struct {
		ID  int
		URL string
	}
	if err := json.Unmarshal(made, &s); err != nil {
		t.Fatal(err)
	}
	site := fmt.Sprintf("%s/sites/%d/", control, s.ID)
	p := newTab(t)
	p.open(t, control+"/page.html?url="+url.QueryEscape(s.URL))
	p.wait(t, `window.client?.state === "open"`, `JSON.stringify(window.states)`)
	command(t, site+"tick?from=1&to=3")
	p.wait(t, `ticks.length === 3`, `JSON.stringify([states, shown])`)

	p.eval(t, `(setTimeout(() => (location.href = "/away.html")), "")`) // as a link does
	p.wait(t, `document.title === "somewhere else"`, `document.title`)
	command(t, site+"tick?from=4&to=6")
	p.eval(t, `(setTimeout(() => history.back()), "")`)
	p.wait(t, `window.ticks?.length === 6`, `JSON.stringify([window.states, window.shown])`)
	const back = `["connecting","open"]`
	if states := p.eval(t, `JSON.stringify(states)`); states != `["open","waiting 4000","connecting","open"]` {
		t.Errorf("the states of a page that was left, and came back: %s, and not open, waiting 4000 and %s", states, back)
	}
	if ticks := p.eval(t, `JSON.stringify(ticks)`); ticks != `[1,2,3,4,5,6]` {
		t.Errorf("it heard %s", ticks)
	}

	offline := func(is bool) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, network.OverrideNetworkState, network.OverrideNetworkStateParams{
				Offline: is, DownloadThroughput: -1, UploadThroughput: -1,
			})
			return err
		})
	}
	p.do(t, "lose the network", offline(true))
	p.wait(t, `!navigator.onLine`, `JSON.stringify(states)`)
	before := p.eval(t, `shown.length + ""`)
	p.do(t, "find it", offline(false))
	p.wait(t, `shown.slice(`+before+`).some((each) => each.startsWith('in {"event":"$pong"') || each.startsWith('in {"event":"$connected"'))`,
		`JSON.stringify([states, shown])`)
	command(t, site+"tick?from=7&to=7")
	p.wait(t, `ticks.length === 7 && client.state === "open"`, `JSON.stringify([states, shown])`)
}

// command asks the sites for something.
func command(t *testing.T, url string) []byte {
	t.Helper()
	answer, err := http.Post(url, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", url, answer.Status, text, err)
	}
	return text
}
