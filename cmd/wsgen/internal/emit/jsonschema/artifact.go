// Package jsonschema writes the types of a contract as a bundle of JSON Schema, for
// validators and editors (draft 2020-12, https://json-schema.org/draft/2020-12).
package jsonschema

import (
	"bytes"
	"context"
	"encoding/json"
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
		var text bytes.Buffer
		out := json.NewEncoder(&text)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		err := out.Encode(newBundle(c, filepath.Base(a.File)))
		return text.Bytes(), err
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

func newBundle(c *model.Contract, id string) bundle {
	b := bundle{
		Mark: mark.Text, Schema: "https://json-schema.org/draft/2020-12/schema", ID: id,
		Title: c.Title, Description: c.Doc.Text, Defs: Members{},
	}
	for _, def := range c.Defs {
		w := Taken
		if def.Sent != nil {
			w = Sent
		}
		b.Defs = append(b.Defs, Named{def.Name, ofDef(def, w)})
		if def.Input != "" {
			b.Defs = append(b.Defs, Named{def.Input, ofDef(def, Taken)})
		}
	}
	return b
}

// ofDef is the schema of a declared type.
func ofDef(def *model.Def, w Way) *Schema {
	shape := def.Sent
	if w == Taken {
		shape = def.Taken
	}
	s := Of(shape, w)
	s.Comment = def.Go
	s.describe(def.Doc)
	for _, example := range def.Examples {
		s.Examples = append(s.Examples, json.RawMessage(example))
	}
	if values := ofValues(shape.Values); values != "" {
		s.Description = paragraphs(s.Description, values)
	}
	return s
}
