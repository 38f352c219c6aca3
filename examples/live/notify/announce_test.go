package notify_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/runtime/wstest"
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
	ada, bob, service := live.Connect(t, "/ws"), live.Connect(t, "/ws"), live.Connect(t, "/rooms")
	bob.Call("join", "tea").OK()
	service.Call("join_room", "tea").OK() // a room of the service, not of the Server

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
	for c, want := range map[*wstest.Conn]int{service: 2, ada: 3, bob: 5} { // the service has those to everyone
		for range want {
			wstest.Expect[string](c, "announce")
		}
		c.ExpectSilence(0)
	}
	announce(t, live, `{"text":"<open> \"now\"","room":"tea"}`)
	if got := bob.Text(); !strings.HasPrefix(got, `{"event":"announce","data":"`) {
		t.Errorf("bob got %s", got)
	}
}

func TestAnnounceRefuses(t *testing.T) {
	live := livetest.Start(t)
	ada := live.Connect(t, "/ws")
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
	ada.ExpectSilence(0)
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
	reader, stalled := live.Connect(t, "/ws"), live.Connect(t, "/ws", wstest.OnPort())
	stalled.Deaf()

	text := strings.Repeat("x", 60_000)
	for range 2000 {
		got := announce(t, live, `{"text":"`+text+`"}`)
		wstest.Expect[string](reader, "announce")
		if got == `{"reached":1}` {
			return
		}
	}
	t.Fatal("120 MB later the client that does not read is still counted")
}
