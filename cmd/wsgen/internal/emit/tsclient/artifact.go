// Package tsclient writes a client of an application in TypeScript, or in JavaScript
// with the same types in comments: one file for all of its gateways, with the part
// that is the same everywhere, the types that travel, and a class for each gateway.
package tsclient

import (
	"context"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/templates/tsclient"
)

// The names of the settings which ask for such a file: one of TypeScript, and one of
// JavaScript.
const (
	Name       = "client.ts"
	ScriptName = "client.js"
)

// Head is what a file begins with. Its lint rules are not the user's.
const Head = string(mark.Go) + "\n/* eslint-disable */\n\n"

// ScriptHead is what a file of JavaScript begins with. TypeScript takes the types from
// its comments, and does not check the code between them, which has none.
const ScriptHead = string(mark.Go) + "\n/* eslint-disable */\n// @ts-nocheck\n\n"

// Artifact is the row of the output in TypeScript. The user chooses the path.
func Artifact() emit.Artifact {
	return artifact(Name, Head, tsclient.Common, ofContract)
}

// ScriptArtifact is the row of the output in JavaScript.
func ScriptArtifact() emit.Artifact {
	return artifact(ScriptName, ScriptHead, tsclient.Script, scriptOf)
}

func artifact(name, head, common string, of func(*model.Contract) string) emit.Artifact {
	write := func(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
		return run.ForApp(ctx, a, func(c *model.Contract) ([]byte, error) {
			return []byte(head + tsclient.Part(common, keeps(c)) + "\n" + of(c)), nil
		})
	}
	return emit.Artifact{Name: name, Scope: emit.PerApp, Header: mark.Go, Emit: write}
}

// keeps reports whether clients may hear a push that is kept.
func keeps(c *model.Contract) bool {
	return slices.ContainsFunc(c.Registries, func(r *model.Registry) bool {
		return slices.ContainsFunc(r.Pushes, func(p *model.Pushed) bool { return p.Kept })
	})
}
