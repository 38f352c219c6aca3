package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/wsgen/wsgen/examples/behind/internal/through"
)

func TestProgram(t *testing.T) { through.Program(t, newHandler) }

// wrap is an Echo that puts middleware in front of everything.
func wrap(m ...echo.MiddlewareFunc) through.Wrap {
	return func(gateways http.Handler) http.Handler {
		root := echo.New()
		root.Use(m...)
		root.Any("/feed", echo.WrapHandler(gateways))
		return root
	}
}

// TestMiddleware checks Echo's own middleware in front of a gateway.
func TestMiddleware(t *testing.T) {
	all := []echo.MiddlewareFunc{middleware.RequestID(), middleware.RequestLogger(), middleware.Recover(), middleware.Gzip(), middleware.ContextTimeout(time.Second)}
	for name, m := range map[string][]echo.MiddlewareFunc{
		"RequestLogger":  {middleware.RequestLogger()},
		"Recover":        {middleware.Recover()},
		"RequestID":      {middleware.RequestID()},
		"ContextTimeout": {middleware.ContextTimeout(time.Second)},
		"Gzip":           {middleware.Gzip()},
		"Decompress":     {middleware.Decompress()},
		"BodyLimit":      {middleware.BodyLimit(1)},
		"BodyDump":       {middleware.BodyDump(func(*echo.Context, []byte, []byte, error) {})},
		"Secure":         {middleware.Secure()},
		"CSRF":           {middleware.CSRF()},
		"CORS":           {middleware.CORS("https://other.example")},
		"RateLimiter":    {middleware.RateLimiter(middleware.NewRateLimiterMemoryStore(1))},
		"all of them":    all,
	} {
		t.Run(name, func(t *testing.T) { wrap(m...).Works(t) })
	}
	t.Run("ContextTimeout bounds guards", func(t *testing.T) {
		wrap(middleware.ContextTimeout(time.Second)).BoundsGuards(t, time.Second)
	})
	t.Run("one with Unwrap", func(t *testing.T) { wrap(echo.WrapMiddleware(through.Unwrapping)).Works(t) })
	t.Run("http.TimeoutHandler", func(t *testing.T) {
		wrap(echo.WrapMiddleware(func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Second, "") })).
			Refuses(t, http.StatusInternalServerError, "")
	})
}

// TestLog checks what the page says of the logger.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	whole := through.Wrap(func(gateways http.Handler) http.Handler {
		root := wrap(middleware.RequestLogger())(gateways).(*echo.Echo)
		root.Logger = slog.New(slog.NewTextHandler(&out, nil))
		return root
	})
	whole.Log(t, &out, "status=200")
}
