package main

import (
	"bytes"
	"log"
	"net/http"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/wsgen/wsgen/examples/behind/internal/through"
)

func TestProgram(t *testing.T) { through.Program(t, newHandler) }

type middlewares = chi.Middlewares

// wrap is a router that puts middleware in front of everything.
func wrap(m ...func(http.Handler) http.Handler) through.Wrap {
	return func(gateways http.Handler) http.Handler {
		root := chi.NewRouter()
		root.Use(m...)
		root.Handle("/feed", gateways)
		return root
	}
}

// TestMiddleware checks chi's own middleware in front of a gateway.
func TestMiddleware(t *testing.T) {
	for name, m := range map[string]middlewares{
		"Logger":           {middleware.Logger},
		"Recoverer":        {middleware.Recoverer},
		"RequestID":        {middleware.RequestID},
		"Timeout":          {middleware.Timeout(time.Second)},
		"Compress":         {middleware.Compress(5, "text/html", "application/*")},
		"Throttle":         {middleware.Throttle(1)},
		"NoCache":          {middleware.NoCache},
		"GetHead":          {middleware.GetHead},
		"StripSlashes":     {middleware.StripSlashes},
		"CleanPath":        {middleware.CleanPath},
		"AllowContentType": {middleware.AllowContentType("application/json")},
		"RequestSize":      {middleware.RequestSize(1)},
		"Heartbeat":        {middleware.Heartbeat("/ping")},
		"all of them": {
			middleware.RequestID, middleware.Logger, middleware.Recoverer, middleware.Timeout(time.Second), middleware.Compress(5), middleware.Throttle(10),
		},
	} {
		t.Run(name, func(t *testing.T) { wrap(m...).Works(t) })
	}
	t.Run("Timeout bounds guards", func(t *testing.T) { wrap(middleware.Timeout(time.Second)).BoundsGuards(t, time.Second) })
	t.Run("one with Unwrap", func(t *testing.T) { wrap(through.Unwrapping).Works(t) })
	t.Run("http.TimeoutHandler", func(t *testing.T) {
		wrap(func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Second, "") }).
			Refuses(t, http.StatusInternalServerError, "timeoutWriter")
	})
}

// TestLog checks what the page says of the logger.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	logger := middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: log.New(&out, "", 0), NoColor: true})
	wrap(logger).Log(t, &out, " - 000 0B in ")
}
