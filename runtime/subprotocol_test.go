package ws_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestTokenInSubprotocol: a page's token comes as a subprotocol behind a name
// that the answer repeats as it was written. Of several tokens a fixed one
// counts.
func TestTokenInSubprotocol(t *testing.T) {
	tokens := make(chan string, 1)
	s := serve(t, ws.Options{}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		tokens <- u.Token
		return nil
	})}})
	const protocol = "Sec-WebSocket-Protocol: "
	for _, c := range []struct {
		path        string
		header      []string
		token, echo string
	}{
		{"/ws", []string{protocol + "bearer, abc.DEF-1_2~3"}, "abc.DEF-1_2~3", "bearer"},
		{"/ws", []string{protocol + "access_token,abc"}, "abc", "access_token"},
		{"/ws", []string{protocol + "Bearer, abc"}, "abc", "Bearer"},
		{"/ws", []string{protocol + "ACCESS_TOKEN\t, ,abc ,"}, "abc", "ACCESS_TOKEN"},
		{"/ws", []string{protocol + "bearer", protocol + "abc"}, "abc", "bearer"},
		{"/ws", []string{protocol + "bearer, access_token"}, "access_token", "bearer"},
		{"/ws", []string{protocol + "bearer, bearer"}, "bearer", "bearer"},
		{"/ws", []string{"Authorization: Bearer header", protocol + "bearer, abc"}, "header", "bearer"},
		{"/ws", []string{"Authorization: Basic header", protocol + "bearer, abc"}, "abc", "bearer"},
		{"/ws?access_token=query", []string{protocol + "bearer, abc"}, "abc", "bearer"},
		{"/ws?access_token=query", []string{"Authorization: Bearer header"}, "header", ""},
		{"/ws?access_token=query", []string{protocol}, "query", ""},
		{"/ws", nil, "", ""},
	} {
		p := s.dial(t, c.path, c.header...)
		if got := <-tokens; got != c.token {
			t.Errorf("%s %q: token %q", c.path, c.header, got)
		}
		if got, named := p.header["Sec-Websocket-Protocol"]; strings.Join(got, "|") != c.echo || named != (c.echo != "") {
			t.Errorf("%s %q: agreed on %q", c.path, c.header, got)
		}
	}
	for _, offer := range []string{
		"bearer", "access_token", "chat, bearer", "bearer, abc, chat", "chat, bearer, abc", "bearer, abc, access_token, def",
		"bearer abc", "bearer, a=b", "bearer, a/b", "bearer; abc", `bearer, "abc"`, "bearer, \xff", "bearer: abc",
		strings.Repeat("a, ", 50_000) + "bearer, abc",
	} {
		_, res := s.try(t, "/ws", protocol+offer)
		<-tokens
		if res == nil || res.StatusCode != http.StatusBadRequest || res.Header.Get("Sec-WebSocket-Protocol") != "" {
			t.Errorf("%.50q: %v", offer, res)
		}
	}
}

// TestNoCredentialTold: whatever a handshake is refused for, a credential is
// neither in the answer, nor in the log, nor told to the Observer, wherever in
// the request it was.
func TestNoCredentialTold(t *testing.T) {
	var mu sync.Mutex
	var told []string
	o := ws.Options{Observer: ws.Observer{Refused: func(r ws.Refusal) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, r.Err.Error())
	}}}
	refusing := func(err error) []ws.ConnGuard {
		return []ws.ConnGuard{connGuard(func(*ws.Upgrade) error { return err })}
	}
	s := serve(t, o,
		gateway{},
		gateway{path: "/refused", connGuards: refusing(ws.NewError(ws.CodeForbidden, "no"))},
		gateway{path: "/failed", connGuards: refusing(fmt.Errorf("no database"))},
		gateway{path: "/panics", connGuards: []ws.ConnGuard{connGuard(func(*ws.Upgrade) error { panic("a guard's") })}},
		gateway{path: "/closed", configure: func(o *ws.Options) { o.AcceptThenClose = true }, connGuards: refusing(ws.NewError(ws.CodeForbidden, "no"))},
	)
	const secret = "SECRET"
	credentials := "Authorization: Bearer " + secret + "\r\nCookie: session=" + secret + "\r\n"
	pair := "Sec-WebSocket-Protocol: bearer, " + secret + "\r\n"
	refusals := 0
	for _, c := range []struct {
		path, header string
		status       int
	}{
		{"/ws", upgradeLines + "Sec-WebSocket-Protocol: " + secret + "\r\n", 400},
		{"/ws", upgradeLines + "Sec-WebSocket-Protocol: bearer, " + secret + ", chat\r\n", 400},
		{"/ws", upgradeLines + "Sec-WebSocket-Protocol: bearer, " + secret + "==\r\n", 400},
		{"/ws", upgradeLines + pair + "Origin: https://evil.example\r\n", 403},
		{"/ws", strings.Replace(upgradeLines, "13", "8", 1) + pair, 426},
		{"/ws", "Host: x\r\n" + pair, 426},
		{"/refused", upgradeLines + pair, 403},
		{"/failed", upgradeLines + pair, 500},
		{"/panics", upgradeLines + pair, 500},
		{"/closed", upgradeLines + pair, 101},
	} {
		conn, r, res := s.request(t, "GET "+c.path+"?access_token="+secret+" HTTP/1.1", c.header+credentials, "")
		if res.StatusCode != c.status {
			t.Errorf("%s %q: %s", c.path, c.header, res.Status)
		}
		refusals++
		head := fmt.Sprint(res.Header)
		rest := make([]byte, 4096)
		n, _ := r.Read(rest) // of the body, or the Close frame
		if answer := head + string(rest[:n]); strings.Contains(answer, secret) {
			t.Errorf("%s %q: the answer has the credential: %s", c.path, c.header, answer)
		}
		_ = conn.Close()
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/ws?access_token="+secret, nil)
	for line := range strings.SplitSeq(strings.TrimSpace(upgradeLines+credentials+pair), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	s.router.ServeHTTP(w, r) // w gives no socket away
	if refusals++; w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), secret) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	mu.Lock()
	defer mu.Unlock()
	if log := s.logs.String() + strings.Join(told, "\n"); len(told) != refusals || strings.Contains(log, secret) {
		t.Errorf("%d refusals told of %d, or the credential with them:\n%s", len(told), refusals, log)
	}
}

// TestRefreshKeepsNoSubprotocol: the part of an upgrade that is kept has no
// token in its subprotocols any more.
func TestRefreshKeepsNoSubprotocol(t *testing.T) {
	seen := make(chan string, 1)
	s := serve(t, ws.Options{}, gateway{connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		u.Principal = ws.Principal{ID: "ann", Expires: time.Now().Add(time.Hour)}
		seen <- u.Token + fmt.Sprint(u.Request.Header["Sec-Websocket-Protocol"])
		u.Header.Set("X-Lost", "there is no answer to have it")
		return nil
	})}})
	p := s.dial(t, "/ws", "Sec-WebSocket-Protocol: bearer, first")
	if got := <-seen; got != "first[bearer, first]" {
		t.Errorf("the upgrade has %q", got)
	}
	p.refresh(1, "second")
	if got := <-seen; got != "second[]" {
		t.Errorf("the refresh has %q", got)
	}
}
