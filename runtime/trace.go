package ws

import (
	"net/http"
	"slices"
	"strings"
)

// These are the names of a request's header field, and of a member of meta,
// that says which trace it belongs to (W3C Trace Context, section 3.2).
const (
	traceHeader = "Traceparent"
	traceMeta   = "traceparent"
)

// traceFields returns the fields of a header that say which trace a request
// belongs to, nil if there are none.
func traceFields(h http.Header) (out http.Header) {
	for name, values := range h {
		switch name {
		case traceHeader, "Tracestate", "Baggage",
			"B3", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
			"Uber-Trace-Id", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context":
			if out == nil {
				out = http.Header{}
			}
			out[name] = slices.Clone(values)
		}
	}
	return out
}

// traceOf returns the id of the trace that a request belongs to, "" for none.
func (s *Server) traceOf(r *http.Request) string {
	if id := s.askTrace(r.Context()); id != "" {
		return id
	}
	return traceID(r.Header.Get(traceHeader))
}

// traceID returns the trace-id of a traceparent, "" if that is not valid. Of
// later versions than 00 only the beginning is read, as the standard wants it.
func traceID(traceparent string) string {
	const length = len("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	p := strings.TrimSpace(traceparent)
	if len(p) < length || len(p) > length && (p[:2] == "00" || p[length] != '-') {
		return ""
	}
	version, id, parent, flags := p[:2], p[3:35], p[36:52], p[53:length]
	if p[2] != '-' || p[35] != '-' || p[52] != '-' || version == "ff" ||
		strings.Trim(version+id+parent+flags, "0123456789abcdef") != "" ||
		strings.Trim(id, "0") == "" || strings.Trim(parent, "0") == "" {
		return ""
	}
	return strings.Clone(id)
}
