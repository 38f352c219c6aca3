// Package auth knows the demo's users, the tokens that they show, and what they may do. A client
// without a token is a guest.
package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// ScopeAdmin is the scope that the events of operators ask for.
const ScopeAdmin = "admin"

// demoPrefix makes a token that never expires of a user's name, for a try with curl. Anybody can
// guess it: this is a demo.
const demoPrefix = "demo-"

// Key is what tokens are signed with. Nodes of one cluster have the same.
type Key []byte

// Tokens mints tokens and reads them. A minted token is the user, the second in which it expires,
// and a signature. Safe for concurrent use.
type Tokens struct {
	key   []byte
	users map[string][]string // name → scopes
}

// NewTokens returns the tokens of ann, who may administer, and of ben. Without a key it makes one.
func NewTokens(key Key) *Tokens {
	if len(key) == 0 {
		key = make([]byte, sha256.Size)
		_, _ = rand.Read(key) // never fails
	}
	return &Tokens{key, map[string][]string{"ann": {"chat", ScopeAdmin}, "ben": {"chat"}}}
}

// Mint returns a token for user that expires in a while, rounded up to a second. It fails with code
// not_found for somebody unknown.
func (t *Tokens) Mint(user string, in time.Duration) (token string, p ws.Principal, err error) {
	if _, known := t.users[user]; !known {
		return "", p, ws.NewError(ws.CodeNotFound, "there is no such user; there are ann and ben")
	}
	expires := time.Now().Add(in + time.Second - 1).Truncate(time.Second)
	signed := fmt.Sprintf("%s.%d", user, expires.Unix())
	return signed + "." + t.sign(signed), t.principal(user, expires), nil
}

// Principal returns the user that shows token. For a token that is not ours, or no longer good, it
// returns an error with code unauthenticated.
func (t *Tokens) Principal(token string) (ws.Principal, error) {
	if user, ok := strings.CutPrefix(token, demoPrefix); ok && t.users[user] != nil {
		return t.principal(user, time.Time{}), nil
	}
	at := strings.LastIndexByte(token, '.')
	if at < 0 || !hmac.Equal([]byte(token[at+1:]), []byte(t.sign(token[:at]))) {
		return ws.Principal{}, ws.NewError(ws.CodeUnauthenticated, "this token is none of ours")
	}
	user, second, _ := strings.Cut(token[:at], ".")
	unix, err := strconv.ParseInt(second, 10, 64)
	expires := time.Unix(unix, 0)
	if err != nil || !time.Now().Before(expires) {
		return ws.Principal{}, ws.NewError(ws.CodeUnauthenticated, "this token has expired")
	}
	return t.principal(user, expires), nil
}

func (t *Tokens) principal(user string, expires time.Time) ws.Principal {
	return ws.Principal{ID: user, Scopes: slices.Clone(t.users[user]), Expires: expires}
}

func (t *Tokens) sign(text string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
