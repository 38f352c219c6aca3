// Package jsonschema writes the types of a contract as a bundle of JSON Schema, for
// validators and editors (draft 2020-12, https://json-schema.org/draft/2020-12).
package jsonschema

import (
	"context"
	"net/url"
	"path/filepath"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Name is that of the setting which asks for such a file.
const Name = "jsonschema"

// Artifact is the row of this output. The user chooses the path.
func Artifact() emit.Artifact {
	return emit.Artifact{Name: Name, Scope: emit.PerApp, Header: mark.JSON, Emit: write}
}

func write(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
	return run.ForApp(ctx, a, func(c *model.Contract) ([]byte, error) {
		return Render(newBundle(c, filepath.Base(a.File)))
	})
}

// bundle is the document. It has no root type: a validator is pointed to one of
// $defs.
type bundle struct {
	Mark        string  `json:"x-wsgen"`
	Schema      string  `json:"$schema"`
	ID          string  `json:"$id"`
	Title       string  `json:"title,omitempty"`
	Description string  `json:"description,omitempty"`
	Defs        Members `json:"$defs"`
}

// newBundle is the bundle of a contract in a file of this name, by which others refer to
// it: its $id is an address (RFC 3986).
func newBundle(c *model.Contract, file string) bundle {
	return bundle{
		Mark: mark.Text, Schema: "https://json-schema.org/draft/2020-12/schema", ID: url.PathEscape(file),
		Title: c.Title, Description: c.Doc.Text, Defs: Draft2020().Defs(c),
	}
}
