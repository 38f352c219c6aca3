package wsclient_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// serveEcho answers calls of echo, and nothing else.
func (p *peer) serveEcho() error { return p.serveEchoUntil("") }

// serveEchoUntil does so until the client sends a text.
func (p *peer) serveEchoUntil(end string) error {
	for had := 0; ; {
		text, err := p.next()
		if err != nil || text == end {
			return nil
		}
		if !strings.HasPrefix(text, `{"event":"$`) {
			had++
		} else if strings.HasPrefix(text, `{"event":"$ping"`) {
			if err := p.send(`{"event":"$pong","data":{"seq":%d}}`, had); err != nil {
				return nil
			}
		}
		var f struct {
			Event string          `json:"event"`
			ID    json.RawMessage `json:"id"`
			Data  json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return fmt.Errorf("the client sends %q", text)
		}
		if f.Event == "echo" {
			if err := p.send(`{"event":"echo","id":%s,"data":%s}`, f.ID, f.Data); err != nil {
				return nil
			}
		}
	}
}

// says returns a server that opens a session, says this, and then answers.
func says(texts ...string) func(*peer) error {
	return func(p *peer) error {
		if err := p.connected(); err != nil {
			return err
		}
		for _, text := range texts {
			if err := p.send("%s", text); err != nil {
				return nil
			}
		}
		return p.serveEcho()
	}
}

// frames is says for frames of any kind.
func frames(all ...[]byte) func(*peer) error {
	return func(p *peer) error {
		if err := p.connected(); err != nil {
			return err
		}
		for _, f := range all {
			if _, err := p.conn.Write(f); err != nil {
				return nil
			}
		}
		return p.serveEcho()
	}
}

// again says something many times.
func again(n int, text func(i int) string) func(*peer) error {
	return func(p *peer) error {
		if err := p.connected(); err != nil {
			return err
		}
		for i := range n {
			if err := p.send("%s", text(i)); err != nil {
				return nil
			}
		}
		return p.serveEcho()
	}
}

// hostile are servers that do what none may.
var hostile = map[string]func(*peer) error{
	"seq beyond all":                func(p *peer) error { return hello(p, `{"sid":"s","resumed":true,"seq":18446744073709551615}`) },
	"seq below zero":                func(p *peer) error { return hello(p, `{"sid":"s","resumed":true,"seq":-1}`) },
	"seq of text":                   func(p *peer) error { return hello(p, `{"sid":"s","seq":"1"}`) },
	"resumed out of the blue":       func(p *peer) error { return hello(p, `{"sid":"s","resumed":true,"seq":7}`) },
	"beats below zero":              func(p *peer) error { return hello(p, `{"sid":"s","seq":0,"heartbeatMs":-1,"maxBytes":-1}`) },
	"beats beyond all":              func(p *peer) error { return hello(p, `{"sid":"s","seq":0,"heartbeatMs":9223372036854775807}`) },
	"$connected of a list":          func(p *peer) error { return hello(p, `[]`) },
	"$pong beyond all":              says(`{"event":"$pong","data":{"seq":18446744073709551615}}`, `{"event":"$pong","data":{"seq":0}}`, `{"event":"$pong","data":{"seq":1e99}}`, `{"event":"$pong"}`),
	"$connected again":              says(`{"event":"$connected","data":{"sid":"t","resumed":true,"seq":99}}`, `{"event":"$connected","data":{"sid":"u","resumed":false,"seq":0}}`),
	"$goaway that is odd":           says(`{"event":"$goaway","data":{"retryAfterMs":-9223372036854775808}}`),
	"$goaway for ages":              says(`{"event":"$goaway","data":7}`, `{"event":"$goaway"}`),
	"$shed that is odd":             says(`{"event":"$shed","data":-5}`, `{"event":"$shed","data":1e99}`, `{"event":"$shed","data":"3"}`, `{"event":"$shed"}`),
	"$cancel that is odd":           says(`{"event":"$cancel"}`, `{"event":"$cancel","id":1}`, `{"event":"$cancel","id":"$9"}`, `{"event":"$cancel","id":["$1"]}`),
	"$ that nobody knows":           says(`{"event":"$later","data":1}`, `{"event":"$later","id":1,"data":1}`, `{"event":"$refresh","id":1}`, `{"event":"$`, `{"event":"$"}`),
	"answers to nothing":            says(`{"event":"echo","id":1,"data":1}`, `{"event":"error","id":2,"data":{"code":"no"}}`, `{"event":"echo","id":99,"data":1,"more":true}`, `{"event":"echo","id":-1,"data":1}`, `{"event":"echo","id":18446744073709551616,"data":1}`),
	"refusals that are odd":         says(`{"event":"error"}`, `{"event":"error","data":7}`, `{"event":"error","data":{"code":7}}`, `{"event":"error","data":{"code":"x","retryAfterMs":9223372036854775807}}`),
	"depths":                        says(`{"event":"number","data":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+`}`, strings.Repeat(`{"data":`, 20_000)),
	"pings without end":             func(p *peer) error { return floods(p, 20_000, pingFrame, []byte("12345678")) },
	"pongs without end":             func(p *peer) error { return floods(p, 20_000, pongFrame, nil) },
	"binary":                        func(p *peer) error { return floods(p, 100, binFrame, []byte("\xff\x00")) },
	"questions without end":         again(20_000, func(i int) string { return fmt.Sprintf(`{"event":"confirm","id":"$%d","data":"?"}`, i) }),
	"one question, again and again": again(20_000, func(int) string { return `{"event":"confirm","id":"$1","data":"?"}` }),
	"questions that are taken back": again(20_000, func(i int) string {
		return fmt.Sprintf([]string{`{"event":"confirm","id":"$%d","data":"?"}`, `{"event":"$cancel","id":"$%d"}`}[i%2], i/2)
	}),
	"refusals without end": again(20_000, func(int) string { return `{"event":"error","data":{"code":"no","message":"no"}}` }),
	"$shed without end":    again(20_000, func(int) string { return `{"event":"$shed","data":1}` }),
	"$lost without end": again(20_000, func(i int) string {
		return fmt.Sprintf(`{"event":"$lost","data":{"log":"%011d","at":"k3Jx.%d"}}`, i%5000, i)
	}),
	"$joined that is odd": says(`{"event":"$joined"}`, `{"event":"$joined","data":7}`, `{"event":"$joined","data":{"log":1,"at":2}}`, `{"event":"$lost","data":{"log":"","at":"k3Jx.1"}}`,
		`{"event":"$joined","data":{"log":"`+strings.Repeat("x", 30_000)+`","at":"k3Jx.1","recovered":true}}`),
	"places that are odd": says(`{"event":"number","data":1,"log":1,"at":2}`, `{"event":"number","data":1,"log":"","at":""}`, `{"event":"number","data":1,"at":"1","log":"x"`,
		`{"event":"number","data":1,"log":"x","at":"`+strings.Repeat("x", 30_000)+`"}`, `{"event":"number","log":"\ud800","at":"\u0000"}`),
	"places without end": again(20_000, func(i int) string {
		return fmt.Sprintf(`{"event":"number","data":1,"log":"%011d","at":"k3Jx.%d"}`, i, i)
	}),
	"pushes without end":   again(20_000, func(i int) string { return fmt.Sprintf(`{"event":"number","data":%d}`, i) }),
	"a mask":               frames([]byte{0x81, 0x81, 1, 2, 3, 4, 'x'}),
	"a reserved bit":       frames([]byte{0xc1, 0x01, 'x'}),
	"an opcode":            frames([]byte{0x83, 0x00}, []byte{0x8b, 0x00}),
	"a ping in pieces":     frames([]byte{0x09, 0x00}),
	"a long ping":          frames(append([]byte{0x89, 126, 0, 200}, make([]byte, 200)...)),
	"the end of nothing":   frames([]byte{0x80, 0x00}),
	"a message in another": frames([]byte{0x01, 0x01, 'x'}, []byte{0x81, 0x01, 'y'}),
	"a message too long":   frames([]byte{0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0}),
	"pieces too long": func(p *peer) error {
		_ = p.connected()
		for range 1000 {
			if err := p.frame(0x01&^0x80, make([]byte, 64<<10)); err != nil {
				return nil
			}
		}
		return nil
	},
	"no UTF-8":                frames([]byte{0x81, 0x01, 0xff}),
	"a Close of a byte":       frames([]byte{0x88, 0x01, 0x03}),
	"a Close that none sends": frames([]byte{0x88, 0x02, 0x03, 0xed}, []byte{0x88, 0x02, 0, 0}),
	"a Close of no UTF-8":     frames([]byte{0x88, 0x04, 0x0f, 0xa0, 0xff, 0xff}),
	"half a frame":            func(p *peer) error { _ = p.connected(); _, err := p.conn.Write([]byte{0x81, 126, 0}); return err },
	"nothing at all":          func(*peer) error { return nil },
}

// hello answers $connect with some data.
func hello(p *peer, data string) error {
	if err := p.send(`{"event":"$connected","data":%s}`, data); err != nil {
		return err
	}
	return p.serveEcho()
}

func floods(p *peer, n int, first byte, payload []byte) error {
	if err := p.connected(); err != nil {
		return err
	}
	go func() { // what the client answers
		for {
			if _, _, err := p.read(); err != nil {
				return
			}
		}
	}()
	for range n {
		if err := p.frame(first, payload); err != nil {
			return nil
		}
	}
	return nil
}

// TestHostile: whatever a server sends, a client lives, holds little memory, and is
// well with the next one.
func TestHostile(t *testing.T) {
	for name, serve := range hostile {
		t.Run(name, func(t *testing.T) {
			url := scripted(t, func(n int, p *peer) error {
				if n > 0 {
					return says()(p)
				}
				return serve(p)
			})
			stuck := make(chan struct{})
			c, err := wsclient.Start(url, wsclient.Gateway{Path: "/ws"}, wsclient.Options{
				Logger: (&logs{}).logger(), Retry: soon, Timeout: time.Second,
				OnError: func(*ws.Error) { <-stuck },
				OnShed:  func(int) { <-stuck },
				OnLost:  func(wsclient.History) { <-stuck },
			})
			if err != nil {
				t.Fatal(err)
			}
			chat := &Chat{c}
			defer closes(t, chat)
			defer close(stuck)
			chat.OnNumber(func(int) { <-stuck })
			chat.AnswerConfirm(func(context.Context, string) (bool, error) { <-stuck; return true, nil })
			before := runtime.NumGoroutine()
			eventually(t, "a call is answered", func() bool {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				got, err := wsclient.Call[string](ctx, c, "echo", "alive")
				return err == nil && got == "alive"
			})
			if n := runtime.NumGoroutine() - before; n > 64+20 {
				t.Errorf("%d goroutines more", n)
			}
		})
	}
}

// TestHostileStream: a server that sends more values than it may loses the stream.
func TestHostileStream(t *testing.T) {
	url := scripted(t, func(_ int, p *peer) error {
		if err := p.connected(); err != nil {
			return err
		}
		if _, err := p.next(); err != nil {
			return err
		}
		for i := range 1000 {
			if err := p.send(`{"event":"count","id":1,"data":%d,"more":true}`, i); err != nil {
				return err
			}
		}
		if err := p.serveEchoUntil(`{"event":"$cancel","id":1,"data":null}`); err != nil {
			t.Error(err)
		}
		if err := p.send(`{"event":"count","id":1,"data":null}`); err != nil {
			return err
		}
		return p.serveEcho()
	})
	c := dial(t, url, wsclient.Options{})
	n := 0
	var last error
	for v, err := range c.Count(within(t), 1000) {
		if last = err; err == nil && v != n {
			t.Errorf("%d, want %d", v, n)
		} else if err == nil {
			n++
		}
		if n == 1 { // the rest comes meanwhile
			eventually(t, "a call is answered", func() bool { _, err := c.Echo(within(t), 1); return err == nil })
		}
	}
	if wantCode(t, last, wsclient.CodeOverflow); n < 64 || n > 65 {
		t.Errorf("%d values", n)
	}
}

// TestDeaf: a server that reads nothing has calls end in time, and the client close.
func TestDeaf(t *testing.T) {
	stop := make(chan struct{})
	url := scripted(t, func(_ int, p *peer) error {
		tight(p.conn)
		if err := p.connected(); err != nil {
			return err
		}
		<-stop
		return nil
	})
	c := dial(t, url, wsclient.Options{Queue: 100_000})
	defer close(stop)
	big := strings.Repeat("x", 64<<10)
	for range 200 {
		if err := wsclient.Send(c.Client, "big", big); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := c.Echo(ctx, 1); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	closes(t, c)
}

// TestReaderSurvives: a panic of the library that reads ends the socket, and not the
// program.
func TestReaderSurvives(t *testing.T) {
	url := listening(t, func(_ int, p *peer) error {
		if err := p.upgrade(); err != nil {
			return err
		}
		return p.send("anything")
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	closed, err := wsclient.ReadPanicking(conn, url)
	if err != nil || closed.Code != ws.CloseAbnormal || closed.Err == nil || !strings.Contains(closed.Err.Error(), "panic in reading: a length below zero") {
		t.Errorf("%+v, %v", closed, err)
	}
}
