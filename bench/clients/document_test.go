package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// sample is what a run may have measured.
func sample() results {
	return results{
		Machine: "A machine.",
		Sizes: []size{
			{lean, 10_000, 4000},
			{kept, 11_000, 5121},
			{"socket.io-client", 40_000, 12_000},
			{"@microsoft/signalr", 50_000, 12_499},
			{"centrifuge", 90_000, 20_000},
			{"phoenix", 20_000, 7000},
		},
		Listen: map[string][]float64{"bare": {100, 200, 400}, "wsgen": {90, 180, 300}, "socket.io": {60, 120, 201}},
		Calls:  []calls{{1, []float64{9}, []float64{10}, []float64{0.74}}, {16, []float64{9}, []float64{10}, []float64{0.9}}},
	}
}

// TestJudge: what is measured is held against the gates, and the page says so.
func TestJudge(t *testing.T) {
	r := sample()
	verdicts := judge(r)
	var passed []string
	for _, v := range verdicts {
		passed = append(passed, v.got+map[bool]string{true: " pass", false: " miss"}[v.pass])
	}
	want := []string{
		"4000 pass", "0.320× miss", "0.200× pass", "0.571× pass", "0.333× pass", "5121 miss",
		"0.90× (0.75 to 0.90 in 3 rounds) pass", "1.50× (1.49 to 1.50 in 3 rounds) pass",
		"0.74× (0.74 to 0.74 in 1 rounds) miss", "0.90× (0.90 to 0.90 in 1 rounds) pass",
	}
	if !slices.Equal(passed, want) {
		t.Errorf("got  %q\nwant %q", passed, want)
	}
	text := document(r, verdicts)
	for _, part := range []string{"| wsgen | 180 | 90 … 300 |", "**miss**", "| 16 | 9 | 10 |", "A machine."} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %q:\n%s", part, text)
		}
	}
}

// TestWithHistories: of the two clients one has what is for histories, and all that the
// other has.
func TestWithHistories(t *testing.T) {
	text, err := os.ReadFile("board.gen.ts")
	if err != nil {
		t.Fatal(err)
	}
	lean := string(text)
	whole, err := withHistories(lean)
	if err != nil {
		t.Fatal(err)
	}
	const own = "export class BoardClient extends"
	if strings.Contains(lean, "onRecovered(") || !strings.Contains(whole, "onRecovered(") || !strings.Contains(whole, own) || len(whole) < len(lean)+1000 {
		t.Errorf("%d and %d characters", len(lean), len(whole))
	}
	if _, err := withHistories("stale"); err == nil {
		t.Error("a stale client is no error")
	}
}

// TestParseCalls: what go test prints is read, each run of a benchmark a round.
func TestParseCalls(t *testing.T) {
	got := parseCalls(`goos: linux
BenchmarkCall/1-2   	20	 1 ns/op	 7000 calls/s	 8000 gws-calls/s	 0.88 of-gws	 1 B/op
BenchmarkCall/1-2   	20	 1 ns/op	 7100 calls/s	 8100 gws-calls/s	 0.89 of-gws	 1 B/op
BenchmarkCall/16-2  	20	 1 ns/op	 3e+04 calls/s	 2e+04 gws-calls/s	 1.5 of-gws	 1 B/op
PASS
`)
	if len(got) != 2 || !slices.Equal(got[0].Ratio, []float64{0.88, 0.89}) || !slices.Equal(got[0].Bare, []float64{8000, 8100}) ||
		got[1].UnderWay != 16 || !slices.Equal(got[1].Rate, []float64{3e4}) {
		t.Errorf("%+v", got)
	}
}

// TestFeed: each client that asks for messages gets as many, in its own protocol.
func TestFeed(t *testing.T) {
	f, err := newFeed()
	if err != nil {
		t.Fatal(err)
	}
	defer f.server.Close()
	for _, c := range []struct {
		path, subprotocol string
		hello, says       []string // what comes first, and what is said
		tick, end         string
	}{
		{"/bare", "", nil, []string{`{"event":"start","id":1,"data":{"lines":300}}`}, `{"event":"added",`, `{"event":"start","id":1,`},
		{
			"/board", "wsgen.v1.json", nil,
			[]string{`{"event":"$connect","data":{}}`, `{"event":"start","id":1,"data":{"lines":300}}`},
			`{"event":"added",`, `{"event":"start","id":1,`,
		},
		{"/socket.io/?EIO=4&transport=websocket", "", []string{`0{"sid"`}, []string{"40", `420["start",300]`}, `42["added",`, `430[300]`},
	} {
		d := websocket.Dialer{Subprotocols: []string{c.subprotocol}}
		if c.subprotocol == "" {
			d.Subprotocols = nil
		}
		conn, _, err := d.Dial("ws://"+f.at+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		for _, text := range c.says {
			if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		ticks := 0
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				t.Fatalf("%s: behind %d messages: %v", c.path, ticks, err)
			}
			if strings.HasPrefix(string(text), c.tick) {
				ticks++
			} else if strings.HasPrefix(string(text), c.end) {
				break
			}
		}
		if ticks != 300 {
			t.Errorf("%s: %d messages came, and 300 were asked for", c.path, ticks)
		}
		_ = conn.Close()
	}
}

// TestFrames: what is written at once are whole frames.
func TestFrames(t *testing.T) {
	for _, n := range []int{1, 125, 126, 300} {
		text := strings.Repeat("x", n)
		r := bufio.NewReader(bytes.NewReader(frames(text)))
		for range perWrite {
			head, _ := r.Peek(4)
			size, skip, first := int(head[1]), 2, head[0]
			if size == 126 {
				size, skip = int(head[2])<<8|int(head[3]), 4
			}
			_, _ = r.Discard(skip)
			got := make([]byte, size)
			if _, err := io.ReadFull(r, got); err != nil || first != 0x81 || string(got) != text {
				t.Fatalf("%d bytes: %x %q %v", n, first, got, err)
			}
		}
		if r.Buffered() > 0 {
			t.Errorf("%d bytes: more than %d frames", n, perWrite)
		}
	}
}
