package wsclient_test

import (
	"fmt"
	"strings"
	"testing"

	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// TestRepeatOrder: what the server has not had comes again in order and whole, and
// nothing new before it, however much that is.
func TestRepeatOrder(t *testing.T) {
	const before, had, after = 200, 3, 100
	lost, done := make(chan struct{}), make(chan error, 9)
	url := scripted(t, func(n int, p *peer) error {
		if n == 0 {
			if err := p.connected(); err != nil {
				return err
			}
			defer close(lost)
			_, err := wantTexts(p, 0, before, false)
			return err
		}
		err := p.send(`{"event":"$connected","data":{"sid":"s","resumed":true,"seq":%d}}`, had)
		if err == nil {
			_, err = wantTexts(p, had, before+after, true)
		}
		done <- err
		return p.drain()
	})
	c := dial(t, url, wsclient.Options{Retry: soon, Queue: 1000})
	say(t, c, 0, before)
	await(t, "the end of the first socket", lost)
	say(t, c, before, before+after)
	if err := await(t, "all texts", done); err != nil {
		t.Error(err)
	}
}

// longText returns a text with a number in front; a few of them are all that is written
// at once.
func longText(n int) string { return fmt.Sprint(n, " ", strings.Repeat("x", 10_000)) }

// say sends such texts.
func say(t *testing.T, c *Chat, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := wsclient.Send(c.Client, "text", longText(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// wantTexts reads such texts, and may answer what the client asks. It returns how often
// that was.
func wantTexts(p *peer, from, to int, answers bool) (asked int, err error) {
	for n := from; n < to; {
		text, err := p.next()
		switch want := fmt.Sprintf(`{"event":"text","data":%q}`, longText(n)); {
		case err != nil:
			return asked, err
		case text == want:
			n++
		case strings.HasPrefix(text, `{"event":"$ping","data":{"seq":`):
			if asked++; answers {
				err = p.send(`{"event":"$pong","data":{"seq":%d}}`, n)
			}
		default:
			return asked, fmt.Errorf("got %.60s, want %.60s", text, want)
		}
		if err != nil {
			return asked, err
		}
	}
	return asked, nil
}

// TestWindow: messages wait when the server acknowledges none, although it was asked,
// and go on when it does. An answer says that what it answers was had, so calls ask for
// no acknowledgement.
func TestWindow(t *testing.T) {
	const calls, window = 500, 256
	full, queued, done := make(chan struct{}), make(chan struct{}), make(chan error, 9)
	url := scripted(t, func(_ int, p *peer) error {
		done <- func() error {
			if err := p.connected(); err != nil {
				return err
			}
			for n := range calls {
				if text, err := p.next(); err != nil || text != fmt.Sprintf(`{"event":"echo","id":%d,"data":0}`, n+1) {
					return fmt.Errorf("got %s, %w", text, err)
				}
				if err := p.send(`{"event":"echo","id":%d,"data":0}`, n+1); err != nil {
					return err
				}
			}
			if asked, err := wantTexts(p, 0, window, false); asked != 1 || err != nil {
				return fmt.Errorf("asked %d times, %w", asked, err)
			}
			close(full)
			<-queued
			if err := p.frame(pingFrame, []byte("now")); err != nil {
				return err
			}
			if first, payload, err := p.read(); err != nil || first != pongFrame {
				return fmt.Errorf("got %.60q, %w", payload, err)
			}
			if err := p.send(`{"event":"$pong","data":{"seq":%d}}`, calls+window); err != nil {
				return err
			}
			_, err := wantTexts(p, window, window+10, true)
			return err
		}()
		return p.drain()
	})
	c := dial(t, url, wsclient.Options{Queue: 1000})
	for range calls {
		if _, err := c.Echo(within(t), 0); err != nil {
			t.Fatal(err)
		}
	}
	say(t, c, 0, window)
	await(t, "that nothing is acknowledged", full)
	say(t, c, window, window+10)
	close(queued)
	if err := await(t, "what waits", done); err != nil {
		t.Error(err)
	}
}

// TestPing: a Ping is answered with what it says; of many the last one is enough.
func TestPing(t *testing.T) {
	went := make(chan error, 1)
	url := scripted(t, func(_ int, p *peer) error {
		if err := p.connected(); err != nil {
			return err
		}
		for n := range 1000 {
			if err := p.frame(pingFrame, fmt.Append(nil, n)); err != nil {
				return err
			}
		}
		pongs := 0
		for {
			first, payload, err := p.read()
			if pongs++; err != nil || first != pongFrame || string(payload) == "999" {
				if err == nil && (pongs > 1000 || first != pongFrame) {
					err = fmt.Errorf("%d frames, the last %q", pongs, payload)
				}
				went <- err
				return p.drain()
			}
		}
	})
	dial(t, url, wsclient.Options{})
	if err := await(t, "the last Pong", went); err != nil {
		t.Error(err)
	}
}
