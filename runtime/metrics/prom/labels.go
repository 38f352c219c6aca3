package prom

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// This file bounds the values of labels. A series is never forgotten, so nothing
// that a peer chooses may become one.

// event returns the label of an event. Of those that nobody declared, Options.Events
// has the ones that are shown.
func (m *Metrics) event(name string, declared bool) string {
	switch {
	case name == "":
		return series.None
	case declared || m.events[name]:
		return name
	}
	return series.Unknown
}

// maxAppCodes is how many codes of the application have a label of their own, and
// maxCodeBytes how long such a label may be.
const (
	maxAppCodes  = 32
	maxCodeBytes = 64
)

// isOurs reports whether wsgen itself uses a code.
func isOurs(code ws.Code) bool {
	switch code {
	case ws.CodeBadFrame, ws.CodeUnknownEvent, ws.CodeInvalidPayload, ws.CodeValidationFailed,
		ws.CodeUnauthenticated, ws.CodeForbidden, ws.CodeNotFound, ws.CodeConflict, ws.CodeRateLimited,
		ws.CodeTimeout, ws.CodeCanceled, ws.CodeTooLarge, ws.CodeUnavailable, ws.CodeInternal:
		return true
	}
	return false
}

// code returns the label of a refusal. A code of the application's is shown if it
// is among the first ones: an application may make codes of what a client says.
func (m *Metrics) code(refusal *ws.Error) string {
	if refusal == nil {
		return series.OK
	}
	if isOurs(refusal.Code) {
		return string(refusal.Code)
	}
	if label, known := m.appCodes.find(refusal.Code); known {
		return label
	}
	text := strings.Clone(string(refusal.Code))
	if text == "" || len(text) > maxCodeBytes || !utf8.ValidString(text) {
		return series.OtherCode
	}
	if label, has := m.appCodes.add(ws.Code(text), maxAppCodes, func() string { return text }); has {
		return label
	}
	return series.OtherCode
}

// closeCode returns a close code that has a label: those of RFC 6455 and its
// registry, and wsgen's own; else 0. A peer may send any other from 3000 to 4999.
func closeCode(code ws.CloseCode) ws.CloseCode {
	switch {
	case code == ws.CloseUnauthenticated, code == ws.CloseForbidden, code == ws.CloseRateLimited:
		return code
	case code < 1000 || code > 1015 || code == 1004:
		return 0
	}
	return code
}

// httpStatus returns a status that has a label; else 0.
func httpStatus(status int) int {
	if http.StatusText(status) == "" {
		return 0
	}
	return status
}

// number returns the label of a close code or a status.
func number[N ~int | ~uint16](n N) string {
	if n == 0 {
		return series.Other
	}
	return strconv.Itoa(int(n))
}

// by returns the label of who closed.
func by(remote bool) string {
	if remote {
		return series.Peer
	}
	return series.Server
}
