package auth

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

const (
	tokenLasts  = time.Minute // short, so that one can watch it expire
	maxBody     = 1 << 10     // bytes
	readTimeout = 10 * time.Second
)

// minted is the answer to POST /token.
type minted struct {
	Token   string    `json:"token"`
	User    string    `json:"user"`
	Scopes  []string  `json:"scopes"`
	Expires time.Time `json:"expires"` // RFC 3339, UTC
}

// ServeHTTP answers POST {"user":"ann"} with a token that is good for a minute. It asks for no
// password: a real application logs in here. A body that is no such object is answered 400, and an
// unknown user 404.
func (t *Tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Not every ResponseWriter has deadlines; the limit on the size holds anyway.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
	var in struct {
		User *string `json:"user"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil || in.User == nil {
		http.Error(w, `the body must be a JSON object, for example {"user":"ann"}`, http.StatusBadRequest)
		return
	}
	token, p, err := t.Mint(*in.User, tokenLasts)
	if refusal, ok := errors.AsType[*ws.Error](err); ok {
		http.Error(w, refusal.Message, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(minted{token, p.ID, p.Scopes, p.Expires.UTC()})
}
