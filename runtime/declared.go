package ws

import (
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// declared returns an error of the handler, its guards or interceptors as the client
// may be told of it: an *Error only if it has a code that clients expect.
func (h *Handler) declared(x examined) examined {
	if h.Errors == nil || x.known == nil || everyCall(x.known.Code) || slices.Contains(h.Errors, x.known.Code) {
		return x
	}
	x.err, x.known = steady.Wrap("code "+string(x.known.Code)+" is not declared by //ws:errors", x.err), nil
	return x
}

// everyCall reports whether every call may be refused with a code, so that no handler
// declares it.
func everyCall(code Code) bool {
	switch code {
	case CodeBadFrame, CodeUnknownEvent, CodeInvalidPayload, CodeValidationFailed, CodeUnauthenticated, CodeForbidden,
		CodeRateLimited, CodeTimeout, CodeCanceled, CodeTooLarge, CodeUnavailable, CodeInternal:
		return true
	}
	return false
}
