// Package tsclient writes a TypeScript client of an application, one file for all of
// its gateways: the part that is the same everywhere, the types that travel, and a
// class for each gateway.
package tsclient

import (
	"context"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/templates/tsclient"
)

// Name is that of the setting which asks for such a file.
const Name = "client.ts"

// Head is what a file begins with. Its lint rules are not the user's.
const Head = string(mark.Go) + "\n/* eslint-disable */\n\n"

// Artifact is the row of this output. The user chooses the path.
func Artifact() emit.Artifact {
	return emit.Artifact{Name: Name, Scope: emit.PerApp, Header: mark.Go, Emit: write}
}

func write(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
	return run.ForApp(ctx, a, func(c *model.Contract) ([]byte, error) {
		return []byte(Head + tsclient.Common + "\n" + ofContract(c)), nil
	})
}
