package notify

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

const (
	maxAnnouncement = 64 << 10         // bytes of a request body
	readTimeout     = 10 * time.Second // for the whole body, so that a slow sender holds nothing
)

// ServeHTTP answers POST {"text":"…","room":"…"} with {"reached":n}; room is optional. A body that is
// no such object is answered 400, and one of more than 64 KiB 413.
func (s *NotifyService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, room, err := readAnnouncement(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	var reached int
	if room == nil {
		reached, err = s.Announce(r.Context(), text)
	} else {
		reached, err = s.AnnounceTo(r.Context(), *room, text)
	}
	answer(w, reached, err)
}

// refuse answers a body that cannot be read, with the reason and the status for it.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		status = http.StatusRequestEntityTooLarge
	}
	http.Error(w, err.Error(), status)
}

// answer writes how many outboxes took a push.
func answer(w http.ResponseWriter, reached int, err error) {
	if err != nil {
		slog.Error("a push over HTTP was not sent", "error", err)
		http.Error(w, "it could not be sent", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Reached int `json:"reached"`
	}{reached})
}

// readAnnouncement reads text and room by their exact names; room is nil when absent or null.
func readAnnouncement(w http.ResponseWriter, r *http.Request) (text string, room *string, err error) {
	// Not every ResponseWriter has deadlines; the limit on the size holds anyway.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnnouncement))
	if err != nil {
		return "", nil, err
	}
	var in map[string]any
	if err := json.Unmarshal(body, &in); err != nil || in == nil {
		return "", nil, errors.New(`the body must be a JSON object, for example {"text":"hello","room":"lobby"}`)
	}
	text, ok := in["text"].(string)
	if !ok {
		return "", nil, errors.New(`"text" must be a string, for example {"text":"hello"}`)
	}
	switch name := in["room"].(type) {
	case nil:
		return text, nil, nil
	case string:
		return text, &name, nil
	}
	return "", nil, errors.New(`"room" must be a string when it is there; leave it out to reach everyone`)
}
