// Package asyncapi writes what the gateways of a contract send and take as an AsyncAPI
// document, for tools that read such documents and for pages that show them.
// https://www.asyncapi.com/docs/reference/specification/v3.0.0
package asyncapi

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Name is that of the setting which asks for such a file.
const Name = "asyncapi"

// Artifact is the row of this output. The user chooses the path. The document says
// that it is of a version of AsyncAPI, and is the same for each of them.
func Artifact(version string) emit.Artifact {
	return emit.Artifact{Name: Name, Scope: emit.PerApp, Header: mark.JSON, Variant: version, Emit: write}
}

func write(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
	return run.ForApp(ctx, a, func(c *model.Contract) ([]byte, error) {
		return jsonschema.Render(newDocument(c, a.Variant, below(c.Root, a.File)))
	})
}

// below reports whether a file is in a folder. Positions in the source are of no use
// to those who have the document elsewhere.
func below(folder, file string) bool {
	rel, err := filepath.Rel(folder, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
