package main

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/wsgen/wsgen/examples/behind/internal/through"
)

func TestProgram(t *testing.T) { through.Program(t, newHandler) }

// wrap is an engine that puts middleware in front of everything.
func wrap(m ...gin.HandlerFunc) through.Wrap {
	return func(gateways http.Handler) http.Handler {
		root := gin.New()
		root.Use(m...)
		root.Any("/feed", gin.WrapH(gateways))
		return root
	}
}

// TestMiddleware checks gin's own middleware in front of a gateway.
func TestMiddleware(t *testing.T) {
	for name, m := range map[string]gin.HandlersChain{
		"Logger":      {gin.Logger()},
		"Recovery":    {gin.Recovery()},
		"ErrorLogger": {gin.ErrorLogger()},
		"all of them": {gin.Logger(), gin.Recovery(), gin.ErrorLogger()},
	} {
		t.Run(name, func(t *testing.T) { wrap(m...).Works(t) })
	}
	// What stands around gin has to have a method Hijack of its own.
	t.Run("one with Hijack", func(t *testing.T) {
		whole := through.Wrap(func(gateways http.Handler) http.Handler { return through.Hijacking(wrap()(gateways)) })
		whole.Works(t)
	})
}

// TestLog checks what the page says of the logger.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	wrap(gin.LoggerWithConfig(gin.LoggerConfig{Output: &out})).Log(t, &out, "| 200 |")
}
