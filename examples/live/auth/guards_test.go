package auth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/auth"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// post sends body to POST /token and returns status and answer.
func post(t *testing.T, live *livetest.Live, body string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, live.URL+"/token", strings.NewReader(body))
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

// token gets a token for user.
func token(t *testing.T, live *livetest.Live, user string) string {
	t.Helper()
	status, text := post(t, live, `{"user":"`+user+`"}`)
	var in struct{ Token string }
	if err := json.Unmarshal([]byte(text), &in); status != http.StatusOK || err != nil {
		t.Fatalf("POST /token: %d %s", status, text)
	}
	return in.Token
}

// handshake asks to connect and returns the status and the body of a refusal.
func handshake(t *testing.T, live *livetest.Live, path string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, live.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	header = append(header, "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := live.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response.StatusCode, ""
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func identity(t *testing.T, c *wstest.Conn) string {
	t.Helper()
	answer := c.Call("whoami", nil).Text()
	conn := regexp.MustCompile(`^\{"conn":"[0-9a-f]{16}",`)
	if !conn.MatchString(answer) {
		t.Fatalf("whoami: %s", answer)
	}
	return conn.ReplaceAllString(answer, "{")
}

func TestWithoutATokenOneIsAGuest(t *testing.T) {
	live := livetest.Start(t)
	for _, path := range []string{"/ws", "/ws?access_token=", "/ws?token=x"} {
		if got := identity(t, live.Connect(t, path)); got != `{"user":"","scopes":[]}` {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestATokenSaysWhoOneIs(t *testing.T) {
	live := livetest.Start(t)
	for path, want := range map[string]string{
		"/ws?access_token=demo-ann": `{"user":"ann","scopes":["chat","admin"]}`,
		"/ws?access_token=demo-ben": `{"user":"ben","scopes":["chat"]}`,
	} {
		if got := identity(t, live.Connect(t, path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	want := regexp.MustCompile(`^\{"user":"ben","scopes":\["chat"\],"expires":"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"\}$`)
	if got := identity(t, live.Connect(t, "/ws?access_token="+token(t, live, "ben"))); !want.MatchString(got) {
		t.Errorf("with a minted token: %s", got)
	}
	if status, text := handshake(t, live, "/ws", "Authorization", "Bearer "+token(t, live, "ann")); status != http.StatusSwitchingProtocols {
		t.Errorf("in the header: %d %s", status, text)
	}
	// A page has but one header to put it into.
	if status, text := handshake(t, live, "/ws", "Sec-WebSocket-Protocol", "bearer, "+token(t, live, "ann")); status != http.StatusSwitchingProtocols {
		t.Errorf("as a subprotocol: %d %s", status, text)
	}
	if status, _ := handshake(t, live, "/ws", "Sec-WebSocket-Protocol", "bearer, wrong"); status != http.StatusUnauthorized {
		t.Errorf("a wrong one as a subprotocol: %d, want 401", status)
	}
}

func TestABadTokenIsRefusedEverywhere(t *testing.T) {
	live := livetest.Start(t)
	for _, path := range []string{"/ws", "/rooms", "/rooms/tea", "/notify", "/flood"} {
		status, text := handshake(t, live, path+"?access_token=wrong")
		if status != http.StatusUnauthorized || !strings.Contains(text, `"unauthenticated"`) {
			t.Errorf("%s: %d %s, want 401", path, status, text)
		}
	}
	good := token(t, live, "ben")
	for _, bad := range []string{
		"demo-", "demo-eve", "demo-ann ", "ann", ".", "..", "ben.", good + "x", good[:len(good)-1], "ann" + good[3:], " ",
		strings.Replace(good, ".", ".9", 1),
	} {
		if status, _ := handshake(t, live, "/ws", "Authorization", "Bearer "+bad); status != http.StatusUnauthorized {
			// Go's client, and HTTP, take blanks at the end of a header away.
			if strings.TrimSpace(bad) == bad {
				t.Errorf("%q: %d, want 401", bad, status)
			}
		}
	}
}

func TestTokensAreForUsersWhoAskForThem(t *testing.T) {
	live := livetest.Start(t)
	for body, want := range map[string]int{
		``: 400, `null`: 400, `{}`: 400, `{"user":7}`: 400, `{"user":null}`: 400, `ann`: 400,
		`{"user":"eve"}`: 404, `{"user":""}`: 404, `{"user":"ann"}`: 200,
	} {
		if status, text := post(t, live, body); status != want || text == "" {
			t.Errorf("%.40s: %d %s, want %d", body, status, text, want)
		}
	}
	tooLong := httptest.NewRecorder() // without a server, which would linger over the rest of the body
	body := strings.NewReader(`{"user":"` + strings.Repeat("x", 1<<10) + `"}`)
	auth.NewTokens(nil).ServeHTTP(tooLong, httptest.NewRequest(http.MethodPost, "/token", body))
	if tooLong.Code != http.StatusBadRequest {
		t.Errorf("1 KiB: %d, want 400", tooLong.Code)
	}
	if status, _ := post(t, live, `{"user":"ann"}`, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("for a page of another site: %d, want 403", status)
	}
}

// TestAnExpiredTokenEndsItsConnection checks that a minted token is good for a minute, and so is its
// connection, and that $refresh with a new one prolongs that.
func TestAnExpiredTokenEndsItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := livetest.StartInMemory(t)
		start := time.Now()
		first := token(t, live, "ann")
		left, kept := live.Connect(t, "/ws?access_token="+first), live.Connect(t, "/ws?access_token="+first)
		guest := live.Connect(t, "/ws")

		hear(8, left, kept, guest)
		before := identity(t, kept)
		kept.Call("$refresh", map[string]string{"token": "wrong"}).ExpectError(ws.CodeUnauthenticated)
		kept.Call("$refresh", map[string]string{"token": token(t, live, "ben")}).ExpectError(ws.CodeForbidden)
		if after := identity(t, kept); after != before {
			t.Errorf("a refused $refresh left %s, want %s", after, before)
		}
		kept.Call("$refresh", map[string]string{"token": token(t, live, "ann")}).OK()
		if after := identity(t, kept); after == before {
			t.Errorf("$refresh left %s", after)
		}

		hear(3, left, kept, guest)
		expect4401(t, left, start, 60*time.Second)
		if status, _ := handshake(t, live, "/ws?access_token="+first); status != http.StatusUnauthorized {
			t.Errorf("with the expired token: %d, want 401", status)
		}
		hear(8, kept, guest)
		expect4401(t, kept, start, 100*time.Second)
		hear(8, guest) // nothing of a guest's expires
		guest.Call("whoami", nil).OK()
	})
}

func TestATokenIsGoodForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := auth.NewTokens(nil)
		text, minted, err := tokens.Mint("ann", 90*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(minted.Expires) - time.Nanosecond)
		if p, err := tokens.Principal(text); err != nil || p.ID != "ann" || !p.Expires.Equal(minted.Expires) {
			t.Errorf("before its end: %+v, %v", p, err)
		}
		time.Sleep(time.Nanosecond)
		if p, err := tokens.Principal(text); err == nil || p.ID != "" {
			t.Errorf("at its end: %+v, %v", p, err)
		}
		if p, err := auth.NewTokens(nil).Principal(text); err == nil {
			t.Errorf("after a restart: %+v", p)
		}
	})
}

// hear lets n heartbeats pass, 5 s each. It reads them, because a client that does not is closed.
func hear(n int, conns ...*wstest.Conn) {
	for range n {
		for _, c := range conns {
			_ = c.Text()
		}
	}
}

// expect4401 waits for the end of c, which must come after a while, give or take the steps of the
// runtime's timer.
func expect4401(t *testing.T, c *wstest.Conn, start time.Time, after time.Duration) {
	t.Helper()
	c.ExpectClose(ws.CloseUnauthenticated)
	if passed := time.Since(start); passed < after || passed > after+5*time.Second {
		t.Errorf("closed after %v, want %v", passed, after)
	}
}

func TestOnlyAdminsSignOthersOut(t *testing.T) {
	live := livetest.Start(t)
	guest, ann := live.Connect(t, "/ws"), live.Connect(t, "/ws?access_token=demo-ann")
	ben, tab := live.Connect(t, "/ws?access_token=demo-ben"), live.Connect(t, "/rooms/tea?access_token=demo-ben")
	data := map[string]string{"user": "ben"}
	guest.Call("sign_out", data).ExpectError(ws.CodeUnauthenticated)
	ben.Call("sign_out", data).ExpectError(ws.CodeForbidden) // a user without the scope
	if got := wstest.Decode[int](ann.Call("sign_out", data)); got != 2 {
		t.Errorf("signed %d connections out, want 2", got)
	}
	for _, c := range []*wstest.Conn{ben, tab} {
		c.ExpectClose(ws.CloseUnauthenticated)
	}
	for _, nobody := range []string{"", "eve"} { // guests have no name to be signed out by
		if got := wstest.Decode[int](ann.Call("sign_out", map[string]string{"user": nobody})); got != 0 {
			t.Errorf("signed %d connections of %q out, want 0", got, nobody)
		}
	}
	guest.Call("presence", nil).OK()
}
