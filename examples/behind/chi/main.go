// Command chi serves a gateway beside the pages of a chi router.
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/wsgen/wsgen/examples/behind/feed"
	"github.com/wsgen/wsgen/examples/behind/site"
	ws "github.com/wsgen/wsgen/runtime"
)

// newHandler returns all that the program serves.
func newHandler(gateways *ws.Router) http.Handler {
	root := chi.NewRouter()
	root.Use(middleware.RequestID, middleware.Logger, middleware.Recoverer)
	root.Handle("/feed", gateways)
	root.Get("/readyz", gateways.Readyz)
	root.Group(func(pages chi.Router) {
		pages.Use(middleware.Timeout(10*time.Second), middleware.Compress(5))
		pages.Get("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello\n")) })
	})
	return root
}

func main() {
	gateways, _ := feed.New(ws.NewServer(site.Options()))
	if err := site.Serve(context.Background(), newHandler(gateways), gateways); err != nil {
		log.Fatal(err)
	}
}
