package ws

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/history"
)

// This file is about what a client that comes back says that it has had
// (docs/reference/protocol.md, "Kept pushes"). It is believed where the application
// lets the connection follow the same room again, and nowhere else.

const (
	maxClaims      = 256
	maxClaimsQuery = 4 << 10          // in the query, as it is written there
	claimsLast     = 60 * time.Second // a client that was let in again has asked for its rooms by then
	claimsQuery    = "resume"
)

// The faults of $resume.
const (
	errResumeID   envelope.Fault = `"$resume" needs an id`
	errResumeData envelope.Fault = `the data of "$resume" must be an object of at most 256 positions`
)

// takeClaims answers $resume, and remembers what it says. Read goroutine only.
func (c *conn) takeClaims(f *envelope.Frame) (taken bool, fault error) {
	if f.ID == nil {
		return false, errResumeID
	}
	if _, used := c.inbox().Look(f.ID); used {
		return false, nil // which is refused
	}
	at, ok := readClaims(f.Data)
	if !ok {
		return false, errResumeData
	}
	if c.endpoint.rates != nil {
		if over := c.limited(-1); over != nil {
			return false, over
		}
	}
	c.claimAll(at)
	reply, _ := c.endpoint.protocol.encode(resumeEvent, f.ID, nil) // null encodes
	if c.member.Socket.KeepsSent() {
		c.member.Socket.ReplyAside(c.single(reply), true) // what begins with $ does not count
	} else {
		c.member.Socket.Reply(c.single(reply), true)
	}
	return true, nil
}

// readClaims reads an object of positions.
func readClaims(data []byte) (at map[string]string, ok bool) {
	if at, ok = plainClaims(string(data)); !ok {
		ok = json.Unmarshal(data, &at) == nil && at != nil
	}
	if !ok || len(at) > maxClaims {
		return nil, false
	}
	return sound(at), true
}

// plainClaims reads an object as clients write it, of letters without escapes and with
// nothing in between. What is not ok is left to encoding/json, which reads more, and
// takes ten times as long and a larger stack: thousands may come back at once.
func plainClaims(rest string) (at map[string]string, ok bool) {
	at = make(map[string]string)
	for before := "{"; ; before = "," {
		id, behind, is := cutPlain(rest, before)
		position, behind, also := cutPlain(behind, ":")
		if !is || !also {
			return nil, false
		}
		at[id] = position
		if rest = behind; rest == "}" {
			return at, true
		}
	}
}

// cutPlain cuts before, and a text of plain letters behind it, from the front of rest.
func cutPlain(rest, before string) (text, behind string, ok bool) {
	rest, is := strings.CutPrefix(rest, before)
	rest, also := strings.CutPrefix(rest, `"`)
	if text, behind, ok = strings.Cut(rest, `"`); !is || !also || !ok {
		return "", "", false
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '\\' || c > '~' {
			return "", "", false
		}
	}
	return text, behind, true
}

// sound takes out of at what is of no history. What is no position stays: who follows
// that history is told that it is not recovered.
func sound(at map[string]string) map[string]string {
	for id, position := range at {
		switch {
		case len(id) != history.IDBytes:
			delete(at, id) // there is no such history
		case len(position) > history.MaxPosition:
			at[id] = ""
		}
	}
	return at
}

// claimByQuery remembers what the request claims, for what the connect hook follows. In
// a session $connect can say it, and nothing of it is in an address.
func (c *conn) claimByQuery(r *http.Request) {
	if !strings.Contains(r.URL.RawQuery, claimsQuery+"=") {
		return
	}
	text := r.URL.Query().Get(claimsQuery)
	if len(text) > maxClaimsQuery {
		return
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return
	}
	if at, ok := readClaims(data); ok {
		c.claimAll(at)
	}
}

// claimAll remembers claims, instead of those that it was told before.
func (c *conn) claimAll(at map[string]string) {
	w := c.works()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.oddly().claims = claims{at, c.endpoint.server.clock() + claimsLast}
}

// claim returns what the client claims of a history, once.
func (c *conn) claim(id string) history.Claim {
	w := c.work.Load()
	if w == nil {
		return history.Claim{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	odd := w.oddity()
	if odd == nil || odd.claims.at == nil {
		return history.Claim{}
	}
	at, made := odd.claims.at[id]
	delete(odd.claims.at, id)
	switch {
	case c.endpoint.server.clock() > odd.claims.until:
		odd.claims.at, made = nil, false
	case len(odd.claims.at) == 0:
		odd.claims.at = nil
	}
	return history.Claim{Made: made, At: at}
}
