package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
)

func get(t *testing.T, live *livetest.Live, path string) (*http.Response, string) {
	t.Helper()
	response, err := live.Client.Get(live.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestHealthz(t *testing.T) {
	live := livetest.Start(t)
	if response, body := get(t, live, "/healthz"); response.StatusCode != http.StatusOK || body != "ok\n" {
		t.Fatalf("%s %q", response.Status, body)
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	live := livetest.Start(t)
	for _, path := range []string{"/nothing", "/static/", "/static/js/", "/static/js", "/static/nothing.js", "/debug/pprof/", "/debug/vars", "/page.html"} {
		if response, _ := get(t, live, path); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}

// TestThePageIsComplete checks that everything the page loads, directly or not, is there and on the
// same origin.
func TestThePageIsComplete(t *testing.T) {
	live := livetest.Start(t)
	response, page := get(t, live, "/")
	if got := response.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("the page is %q", got)
	}
	if policy := response.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, part := range []string{"<!doctype html>", "<title>", `name="viewport"`, "</html>"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	types := map[string]string{"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
	for path, text := range loaded(t, live, page) {
		response, _ := get(t, live, path)
		if got, want := response.Header.Get("Content-Type"), types[path[strings.LastIndex(path, ".")+1:]]; got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
		if strings.Contains(text, "innerHTML") || strings.Contains(text, "insertAdjacentHTML") {
			t.Errorf("%s makes markup of text", path)
		}
		for _, named := range []string{"http://www.w3.org/", "wss://api.example.com"} { // names that nothing is loaded from; the second is in a comment of the client
			text = strings.ReplaceAll(text, named, "")
		}
		if found := regexp.MustCompile(`(https?:)?//[a-z]+\.[a-z]`).FindString(text); found != "" {
			t.Errorf("%s refers to another site: %s", path, found)
		}
	}
}

// loaded returns path → content of all that page loads.
func loaded(t *testing.T, live *livetest.Live, page string) map[string]string {
	t.Helper()
	found := map[string]string{}
	reference := regexp.MustCompile(`(?:src=|href=|Worker\()"(/[^"]*)"|from "\./([^"]*)"`)
	for queue := []string{page}; len(queue) > 0; queue = queue[1:] {
		for _, match := range reference.FindAllStringSubmatch(queue[0], -1) {
			path := match[1]
			if path == "" {
				path = "/static/js/" + match[2]
			}
			if _, ok := found[path]; ok {
				continue
			}
			response, text := get(t, live, path)
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", path, response.Status)
			}
			found[path] = text
			queue = append(queue, text)
		}
	}
	if len(found) < 8 || found["/static/js/slow.js"] == "" {
		t.Fatalf("the page loads only %d files: the test does not see what it loads", len(found))
	}
	return found
}

func TestASocketOfAnotherSiteIsRefused(t *testing.T) {
	live := livetest.Start(t)
	for _, path := range []string{"/ws", "/notify", "/rooms"} {
		request, err := http.NewRequest(http.MethodGet, live.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": "http://evil.example",
		} {
			request.Header.Set(name, value)
		}
		response, err := live.Client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s, want 403", path, response.Status)
		}
	}
}

// TestTheDocument checks that the document of the gateways is served, and is theirs.
func TestTheDocument(t *testing.T) {
	live := livetest.Start(t)
	response, body := get(t, live, "/asyncapi.json")
	if got := response.Header.Get("Content-Type"); got != "application/json" || response.Header.Get("ETag") == "" {
		t.Errorf("%s, %q", response.Status, response.Header)
	}
	var document struct {
		Channels map[string]struct{ Address string }
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		t.Fatal(err)
	}
	for _, e := range live.App.Router.Endpoints() {
		known := false
		for _, c := range document.Channels {
			known = known || c.Address == e.Pattern()
		}
		if !known {
			t.Errorf("the document has no channel at %s", e.Pattern())
		}
	}
}
