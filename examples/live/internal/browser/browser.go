// Package browser drives headless Chromium. It is the one place that knows the driver, whose API
// changes from version to version.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience is how long anything waits for the browser or a page. Where all is well nothing takes so long, but on a
// machine that is busy with other things.
const patience = time.Minute

// ErrMissing says that there is no Chromium, and how to get one.
var ErrMissing = errors.New("no Chromium: install it (Debian and Ubuntu: apt-get install chromium), " +
	"or set the environment variable CHROMIUM to its path")

// Find returns the path of Chromium: that of the environment variable CHROMIUM, or the first of
// chromium, chromium-browser and google-chrome on the PATH. It returns ErrMissing when there is none.
func Find() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("CHROMIUM=%s: %w", path, err)
		}
		return found, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// Browser is a running Chromium. Its pages may be used side by side, each from one goroutine.
type Browser struct {
	ctx  context.Context
	stop []context.CancelFunc
}

// Start runs the Chromium at path with a profile of its own in the folder profile, and with flags
// of the form "name=value" besides its own.
func Start(path, profile string, flags ...string) (*Browser, error) {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.Headless,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.DisableGPU,
		chromedp.CombinedOutput(discard{}),
	}
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-default-apps", "disable-extensions", "disable-breakpad", "disable-dev-shm-usage", "metrics-recording-only",
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	for _, flag := range flags {
		name, value, _ := strings.Cut(flag, "=")
		options = append(options, chromedp.Flag(name, value))
	}
	if os.Getuid() == 0 { // Chromium refuses to sandbox for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	b := &Browser{ctx, []context.CancelFunc{stop, stopAllocator}}
	if err := inTime(func() error { return chromedp.Do(ctx) }); err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// inTime is for what the driver does first with a context: browser and tab live no longer than that, so it cannot have
// a deadline. What is late ends when the context does.
func inTime(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return fmt.Errorf("not done in %v", patience)
	}
}

// discard drops what Chromium prints.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// Close ends the browser and waits for it.
func (b *Browser) Close() {
	for _, stop := range b.stop {
		stop()
	}
}

// Alive reports whether the browser runs, and answers.
func (b *Browser) Alive() bool {
	err := inTime(func() error {
		_, err := chromedp.Run(b.ctx, chromedp.Evaluate[int]("1"))
		return err
	})
	return err == nil
}

// Page is one tab, in a window of its own.
type Page struct {
	ctx  context.Context
	stop context.CancelFunc

	mu     sync.Mutex
	faults []string // guarded by mu
}

// Page opens url in a new tab.
func (b *Browser) Page(url string) (*Page, error) { return b.open(url) }

// PageBehind opens url in a tab whose traffic goes through a proxy, that to this machine, too:
// "socks5://127.0.0.1:1080", say. The tab shares nothing with others.
func (b *Browser) PageBehind(proxy, url string) (*Page, error) {
	return b.open(url, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer, p.ProxyBypassList = proxy, "<-loopback>"
	}))
}

func (b *Browser) open(url string, o ...chromedp.ContextOption) (*Page, error) {
	ctx, stop := chromedp.NewContext(b.ctx, o...)
	p := &Page{ctx: ctx, stop: stop}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" {
				p.mu.Lock()
				p.faults = append(p.faults, m.String())
				p.mu.Unlock()
			}
		}
	}()
	if err := inTime(func() error { return chromedp.Do(ctx, chromedp.Navigate(url)) }); err != nil {
		stop()
		return nil, fmt.Errorf("open %s: %w", url, err)
	}
	return p, nil
}

// Close closes the tab.
func (p *Page) Close() { p.stop() }

// Faults returns the exceptions and the error messages of the page's scripts so far.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.faults)
}

// Type types text into the element that selector finds, as a person would. A newline at the end is
// the Enter key.
func (p *Page) Type(selector, text string) error {
	line, enter := strings.CutSuffix(text, "\n")
	actions := []chromedp.Action[chromedp.Void]{chromedp.SendKeys(chromedp.CSS(selector), line)}
	if enter {
		actions = append(actions, chromedp.Func(pressEnter))
	}
	return p.do("type into "+selector, actions...)
}

// pressEnter sends the key as keyboards do, so that a page which prevents its default gets no newline.
// The driver's own keys send the character apart, which cannot be prevented.
func pressEnter(ctx context.Context, t *chromedp.Target) error {
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		key := input.DispatchKeyEventParams{
			Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13,
		}
		if kind == input.DispatchKeyEventTypeKeyDown {
			key.Text = "\r"
		}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, key); err != nil {
			return err
		}
	}
	return nil
}

// Click waits until the element that selector finds is enabled, and clicks on it.
func (p *Page) Click(selector string) error {
	at := chromedp.CSS(selector)
	return p.do("click on "+selector, chromedp.WaitEnabled(at), chromedp.Click(at))
}

// Wait waits until the JavaScript expression is true, for a minute at most.
func (p *Page) Wait(expression string) error {
	return p.do("wait for "+expression, chromedp.Poll[chromedp.Void](expression,
		chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(patience)))
}

// WaitText waits until the text of the elements that selector finds contains text.
func (p *Page) WaitText(selector, text string) error {
	err := p.Wait(fmt.Sprintf("[...document.querySelectorAll(%s)].some(e => e.textContent.includes(%s))",
		strconv.Quote(selector), strconv.Quote(text)))
	if err != nil {
		shown, _ := p.Text(selector)
		return fmt.Errorf("%w\nshown: %q", err, shown)
	}
	return nil
}

// Text returns the text of every element that selector finds, in their order.
func (p *Page) Text(selector string) ([]string, error) {
	return Eval[[]string](p, fmt.Sprintf("[...document.querySelectorAll(%s)].map(e => e.textContent)", strconv.Quote(selector)))
}

// Eval evaluates a JavaScript expression and waits for it if it is a promise.
func Eval[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		err = fmt.Errorf("evaluate %s: %w", expression, err)
	}
	return value, err
}

// View sets the size in CSS pixels, the device pixels in each, and whether the system prefers dark.
func (p *Page) View(width, height int64, scale float64, dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	prefer := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
	return p.do("set the view", chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)), prefer)
}

// offline is the command for it that all versions of Chromium have. What is to take its place is another
// command in each version.
var offline = cdp.Command[conditions, cdp.Empty]{Method: "Network.emulateNetworkConditions"}

type conditions struct {
	Offline  bool    `json:"offline"`
	Latency  float64 `json:"latency"`            // ms
	Download float64 `json:"downloadThroughput"` // bytes/s; -1 is as it comes
	Upload   float64 `json:"uploadThroughput"`
}

// Offline is the switch of the browser's own: the page is told that there is no network, and gets
// nothing that is new. A WebSocket that is open may go on.
func (p *Page) Offline(on bool) error {
	return p.do("switch the network", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, offline, conditions{Offline: on, Download: -1, Upload: -1})
		return err
	}))
}

// Screenshot returns a PNG of what is visible.
func (p *Page) Screenshot() ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

func (p *Page) do(what string, actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience+5*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		faults := strings.Join(p.Faults(), "\n")
		return fmt.Errorf("%s: %w\n%s", what, err, faults)
	}
	return nil
}
