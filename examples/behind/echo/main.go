// Command echo serves a gateway beside the pages of an Echo.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/wsgen/wsgen/examples/behind/feed"
	"github.com/wsgen/wsgen/examples/behind/site"
	ws "github.com/wsgen/wsgen/runtime"
)

// newHandler returns all that the program serves.
func newHandler(gateways *ws.Router) http.Handler {
	root := echo.New()
	root.Use(middleware.RequestLogger(), middleware.Recover())
	root.Any("/feed", echo.WrapHandler(gateways))
	root.GET("/readyz", echo.WrapHandler(http.HandlerFunc(gateways.Readyz)))
	root.GET("/", func(c *echo.Context) error { return c.String(http.StatusOK, "hello\n") }, middleware.Gzip())
	return root
}

func main() {
	gateways, _ := feed.New(ws.NewServer(site.Options()))
	if err := site.Serve(context.Background(), newHandler(gateways), gateways); err != nil {
		log.Fatal(err)
	}
}
