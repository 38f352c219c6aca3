package notify_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

// post sends an announcement as curl would, and returns status and body.
func post(t *testing.T, live *livetest.Live, body string, header ...string) (int, string) {
	t.Helper()
	return postTo(t, live, "/announce", body, header...)
}

// postTo is post to a path.
func postTo(t *testing.T, live *livetest.Live, path, body string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, live.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := live.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

func announce(t *testing.T, live *livetest.Live, body string) string {
	t.Helper()
	status, text := post(t, live, body)
	if status != http.StatusOK {
		t.Fatalf("POST /announce %s: %d %s", body, status, text)
	}
	return text
}

func TestAnnounce(t *testing.T) {
	live := livetest.Start(t)
	if got := announce(t, live, `{"text":"to nobody"}`); got != `{"reached":0}` {
		t.Fatalf("announced to nobody: %s", got)
	}
	ada, bob, service := live.Dial(t, "/ws"), live.Dial(t, "/ws"), live.Dial(t, "/rooms")
	bob.Request("join", "tea")
	ada.Barrier("presence")
	service.Request("join_room", "tea") // a room of the service, not of the Server

	for body, want := range map[string]string{
		`{"text":"open"}`:                            `{"reached":3}`,
		`{"text":"open","room":null,"more":true}`:    `{"reached":3}`,
		`{"text":"","room":"lobby"}`:                 `{"reached":2}`,
		`{"room":"tea","text":"tea is ready"}`:       `{"reached":1}`,
		`{"text":"nobody hears","room":"nowhere"}`:   `{"reached":0}`,
		`  {"text":"blanks around","room":"tea"}   `: `{"reached":1}`,
	} {
		if got := announce(t, live, body); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	if got := len(service.Barrier("join_room")); got != 2 {
		t.Errorf("/rooms got %d announcements, want the 2 to everyone", got)
	}
	if got := len(ada.Barrier("presence")); got != 3 {
		t.Errorf("ada got %d announcements, want 3", got)
	}
	if got := len(bob.Barrier("presence")); got != 5 {
		t.Errorf("bob got %d announcements, want 5", got)
	}
	announce(t, live, `{"text":"<open> \"now\"","room":"tea"}`)
	if got := bob.Next(); !strings.HasPrefix(got, `{"event":"announce","data":"`) {
		t.Errorf("bob got %s", got)
	}
}

func TestAnnounceRefuses(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Dial(t, "/ws")
	ada.Barrier("presence")
	for body, want := range map[string]int{
		``: 400, `null`: 400, `[]`: 400, `"text"`: 400, `7`: 400, `{}`: 400, `{"text":`: 400, `text=hi`: 400,
		`{"text":null}`: 400, `{"text":7}`: 400, `{"text":["hi"]}`: 400, `{"Text":"hi"}`: 400,
		`{"text":"hi"} {"text":"again"}`: 400, `{"text":"hi","room":7}`: 400, `{"text":"hi","room":{}}`: 400,
		`{"text":"` + strings.Repeat("x", 64<<10) + `"}`: 413,
	} {
		status, text := post(t, live, body)
		if status != want {
			t.Errorf("%.60s: %d, want %d", body, status, want)
		}
		if text == "" {
			t.Errorf("%.60s: refused without a word", body)
		}
	}
	ada.Silent("presence")
}

func TestAnnounceFromAnotherSite(t *testing.T) {
	live := livetest.Start(t)
	for _, header := range [][]string{
		{"Origin", "http://evil.example"},
		{"Sec-Fetch-Site", "cross-site"},
	} {
		if status, _ := post(t, live, `{"text":"hi"}`, header...); status != http.StatusForbidden {
			t.Errorf("%v: %d, want 403", header, status)
		}
	}
	if status, _ := post(t, live, `{"text":"hi"}`, "Origin", live.URL, "Sec-Fetch-Site", "same-origin"); status != http.StatusOK {
		t.Errorf("own page: %d, want 200", status)
	}
}

func TestAnnounceTakesPostOnly(t *testing.T) {
	live := livetest.Start(t)
	response, err := live.Client.Get(live.URL + "/announce")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "POST" {
		t.Fatalf("GET /announce: %s, Allow %q", response.Status, response.Header.Get("Allow"))
	}
}

// TestAnnounceDoesNotCountAStalledClient checks that reached counts the outboxes which took the
// announcement. A client that stops reading does not count once its outbox is full, and nobody waits
// for it.
func TestAnnounceDoesNotCountAStalledClient(t *testing.T) {
	live := livetest.Start(t)
	reader := live.Dial(t, "/ws")
	reader.Barrier("presence")
	stalled := dialStalled(t, live)
	defer stalled.CloseNow()
	livetest.Eventually(t, "both are registered", func() bool { return reader.Request("presence", nil) == "2" })

	text := strings.Repeat("x", 60_000)
	for range 2000 {
		got := announce(t, live, `{"text":"`+text+`"}`)
		reader.Next()
		if got == `{"reached":1}` {
			return
		}
	}
	t.Fatal("120 MB later the client that does not read is still counted")
}

func dialStalled(t *testing.T, live *livetest.Live) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), livetest.Patience)
	defer cancel()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(4 << 10)
		}
		return conn, err
	}}
	conn, _, err := websocket.Dial(ctx, live.URL+"/ws", &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
