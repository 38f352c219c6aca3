// Command gin serves a gateway beside the pages of a gin engine.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wsgen/wsgen/examples/behind/feed"
	"github.com/wsgen/wsgen/examples/behind/site"
	ws "github.com/wsgen/wsgen/runtime"
)

// newHandler returns all that the program serves.
func newHandler(gateways *ws.Router) http.Handler {
	root := gin.Default() // with its logger and its recovery
	root.Any("/feed", gin.WrapH(gateways))
	root.GET("/readyz", gin.WrapF(gateways.Readyz))
	root.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "hello\n") })
	return root
}

func main() {
	gateways, _ := feed.New(ws.NewServer(site.Options()))
	if err := site.Serve(context.Background(), newHandler(gateways), gateways); err != nil {
		log.Fatal(err)
	}
}
