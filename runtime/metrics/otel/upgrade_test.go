package wsotel_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"github.com/wsgen/wsgen/runtime/wstest"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

const upgradeName = "GET /chat"

// TestUpgrade: the span of a connection ends with its upgrade, is in the trace of
// the request, and says what came of it. The guard and the log are in it.
func TestUpgrade(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	var inGuard trace.SpanContext
	s.guard = func(u *ws.Upgrade) error {
		inGuard = trace.SpanContextFromContext(u.Request.Context())
		return nil
	}
	c := wstest.Dial(t, s.router, wstest.Path("/chat?access_token=secret"), wstest.Header("traceparent", traceparent))
	span := s.one(upgradeName, 1) // and the connection is open
	c.Call("do", nil).OK()

	if span.SpanKind() != trace.SpanKindServer || span.Status().Code != codes.Unset || len(span.Links()) != 0 {
		t.Error(span.SpanKind(), span.Status(), span.Links())
	}
	if span.Parent().SpanID().String() != theirSpan || span.SpanContext().TraceID().String() != theirTrace || inGuard.SpanID() != span.SpanContext().SpanID() {
		t.Error(span.Parent(), inGuard)
	}
	has := attributes(span)
	for key, want := range map[string]string{
		"http.request.method": "GET", "http.route": "/chat", "network.protocol.name": "http", "network.protocol.version": "1.1",
		"http.response.status_code": "101", "wsgen.gateway": "chat.Room", "wsgen.code": "ok",
	} {
		if got := has[attrKey(key)]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if len(has["wsgen.connection.id"]) != 16 || has["error.type"] != "" {
		t.Error(has)
	}
	for key, value := range has {
		if strings.Contains(value, "secret") {
			t.Errorf("%s has the token: %s", key, value)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "trace="+theirTrace) {
		t.Error(log)
	}
}

// TestUpgradeWithin: a span that the program has in the request's context is the
// parent, whatever the client says.
func TestUpgradeWithin(t *testing.T) {
	for _, public := range []bool{false, true} {
		s := newSite(t, wsotel.Options{Public: public}, nil)
		var outer trace.Span
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var ctx context.Context
			ctx, outer = s.tracer.Start(r.Context(), "outer")
			s.router.ServeHTTP(w, r.WithContext(ctx))
			outer.End()
		})
		wstest.Dial(t, h, wstest.Path("/chat"), wstest.Header("traceparent", traceparent))
		span := s.one(upgradeName, 2)
		if span.Parent().SpanID() != outer.SpanContext().SpanID() || span.SpanContext().TraceID() != outer.SpanContext().TraceID() || len(span.Links()) != 0 {
			t.Error(public, span.Parent(), span.Links())
		}
	}
}

// TestPublicUpgrade: the trace of a client that is not trusted is a link, and its
// baggage is dropped.
func TestPublicUpgrade(t *testing.T) {
	for _, public := range []bool{false, true} {
		s := newSite(t, wsotel.Options{Public: public}, nil)
		var has string
		s.guard = func(u *ws.Upgrade) error {
			has = baggage.FromContext(u.Request.Context()).Member("tenant").Value()
			return nil
		}
		wstest.Dial(t, s.router, wstest.Header("traceparent", traceparent), wstest.Header("baggage", "tenant=theirs"))
		span := s.one(upgradeName, 1)
		trusted := span.Parent().SpanID().String() == theirSpan
		linked := len(span.Links()) == 1 && span.Links()[0].SpanContext.SpanID().String() == theirSpan
		if trusted == public || linked != public || (has == "theirs") == public || public && span.Parent().IsValid() {
			t.Error(public, span.Parent(), span.Links(), has)
		}
	}
}

// TestRefusedUpgrade: a refusal is an answer, and only a failure is an error.
func TestRefusedUpgrade(t *testing.T) {
	for _, of := range []struct {
		bad    error
		status int
		code   string
		failed codes.Code
	}{
		{ws.NewError(ws.CodeForbidden, "not you"), 403, "forbidden", codes.Unset},
		{ws.NewError(ws.CodeUnavailable, "not now"), 503, "unavailable", codes.Unset},
		{errBroken, 500, "internal", codes.Error},
	} {
		s := newSite(t, wsotel.Options{}, nil)
		s.guard = func(*ws.Upgrade) error { return of.bad }
		wstest.ExpectRefused(t, s.router, of.status)
		span := s.one(upgradeName, 1)
		has := attributes(span)
		if span.Status().Code != of.failed || has["wsgen.code"] != of.code || has["wsgen.connection.id"] != "" || has["http.response.status_code"] != "" {
			t.Error(of, span.Status(), has)
		}
		if failed := of.failed == codes.Error; failed != (has["error.type"] == "internal") || failed != strings.Contains(span.Status().Description, errBroken.Error()) {
			t.Error(of, span.Status(), has)
		}
	}
}

// TestHTTP2: the handshake over HTTP/2 is a CONNECT, and accepted with 200.
func TestHTTP2(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	_, answered := s.telemetry.Observer().Connecting(context.Background(), ws.Handshake{Gateway: "a.B", Pattern: "/a/{b}", Proto: "HTTP/2.0"})
	answered(wstest.NewClient().Client, nil)
	span := s.one("CONNECT /a/{b}", 1)
	if has := attributes(span); has["http.request.method"] != "CONNECT" || has["http.response.status_code"] != "200" || has["network.protocol.version"] != "2" || has["http.route"] != "/a/{b}" {
		t.Error(has)
	}
}

// TestHookFails: a connection that its connect hook refuses is not kept.
func TestHookFails(t *testing.T) {
	s := newSite(t, wsotel.Options{}, nil)
	router := ws.NewRouter(ws.NewEndpoint(s.server, ws.Spec{
		Gateway: "chat.Hook", Path: "/hook", Lookup: func([]byte) int { return -1 },
		Connect: func(ctx context.Context, _ *ws.Client, _ *http.Request) (any, error) {
			if !trace.SpanContextFromContext(ctx).IsValid() {
				t.Error("the hook has no span")
			}
			return nil, errors.New("no room")
		},
	}))
	c := wstest.Dial(t, router)
	c.ExpectClose(ws.CloseInternal)
	span := s.one("GET /hook", 1)
	if has := attributes(span); span.Status().Code != codes.Error || len(has["wsgen.connection.id"]) != 16 || has["wsgen.code"] != "internal" {
		t.Error(span.Status(), has)
	}
	if n := wsotel.Kept(s.telemetry); n != 0 {
		t.Error(n, "connections are kept")
	}
}
