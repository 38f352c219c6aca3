package ws_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestDocument: a document is served with its type, its length and a strong ETag, by
// which who has it already is answered 304.
func TestDocument(t *testing.T) {
	const text = "{\n  \"asyncapi\": \"3.0.0\"\n}\n"
	server := httptest.NewServer(ws.Document([]byte(text)))
	defer server.Close()
	ask := func(method string, header ...string) (*http.Response, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		res, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}

	first, body := ask(http.MethodGet)
	tag := first.Header.Get("ETag")
	if first.StatusCode != http.StatusOK || body != text || first.ContentLength != int64(len(text)) ||
		first.Header.Get("Content-Type") != "application/json" || first.Header.Get("Cache-Control") != "no-cache" ||
		first.Header.Get("X-Content-Type-Options") != "nosniff" || first.Header.Get("Last-Modified") != "" {
		t.Errorf("%s %q %q", first.Status, first.Header, body)
	}
	if !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || len(tag) < 10 {
		t.Errorf("ETag %s is no strong one", tag)
	}
	for _, c := range []struct {
		name, method string
		header       []string
		status       int
		body         string
	}{
		{"HEAD", http.MethodHead, nil, http.StatusOK, ""},
		{"the same", http.MethodGet, []string{"If-None-Match", tag}, http.StatusNotModified, ""},
		{"the same, by HEAD", http.MethodHead, []string{"If-None-Match", tag}, http.StatusNotModified, ""},
		{"one of several", http.MethodGet, []string{"If-None-Match", `"other", W/` + tag}, http.StatusNotModified, ""},
		{"any", http.MethodGet, []string{"If-None-Match", "*"}, http.StatusNotModified, ""},
		{"another", http.MethodGet, []string{"If-None-Match", `"other"`}, http.StatusOK, text},
		{"a part", http.MethodGet, []string{"Range", "bytes=0-0"}, http.StatusPartialContent, "{"},
		{"POST", http.MethodPost, nil, http.StatusMethodNotAllowed, "this is a document: GET it\n"},
		{"PUT", http.MethodPut, []string{"If-None-Match", tag}, http.StatusMethodNotAllowed, "this is a document: GET it\n"},
	} {
		res, body := ask(c.method, c.header...)
		if res.StatusCode != c.status || body != c.body {
			t.Errorf("%s: %s %q, want %d %q", c.name, res.Status, body, c.status, c.body)
		}
		switch allow := res.Header.Get("Allow"); {
		case c.status == http.StatusMethodNotAllowed && allow != "GET, HEAD":
			t.Errorf("%s: Allow %q", c.name, allow)
		case c.status != http.StatusMethodNotAllowed && res.Header.Get("ETag") != tag:
			t.Errorf("%s: ETag %s, want %s", c.name, res.Header.Get("ETag"), tag)
		case c.name == "HEAD" && res.ContentLength != int64(len(text)):
			t.Errorf("HEAD: length %d, want %d", res.ContentLength, len(text))
		}
	}

	other := httptest.NewServer(ws.Document([]byte(`{}`)))
	defer other.Close()
	res, err := other.Client().Get(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Header.Get("ETag") == tag {
		t.Error("two documents have one ETag")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			res, err := server.Client().Get(server.URL)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if body, err := io.ReadAll(res.Body); err != nil || string(body) != text {
				t.Error(string(body), err)
			}
		})
	}
	all.Wait()
}

// TestDocumentThatIsNone: what is no JSON is found when the program starts.
func TestDocumentThatIsNone(t *testing.T) {
	for _, text := range []string{"", "openapi: 3", `{"a":1}{}`, `{"a":`} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, "no JSON") {
					t.Errorf("%q: %s", text, said)
				}
			}()
			ws.Document([]byte(text))
			t.Errorf("%q is served", text)
		}()
	}
}
