package resolve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// TestContracts runs every file of testdata/contracts: a module, and in the
// section want its API as clients see it.
func TestContracts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/contracts/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			goMod(t, dir)
			last := len(a.Files) - 1
			if err := write(dir, &txtar.Archive{Files: a.Files[:last]}); err != nil || a.Files[last].Name != "want" {
				t.Fatal("no want at the end", err)
			}
			p, list, err := source.Load(t.Context(), source.Options{Dir: dir})
			if err != nil || list.HasErrors() {
				t.Fatal(err, shown(t, list, dir))
			}
			wanted := resolve.Wanted{Setting: "jsonschema", Value: "out.json"}
			for line := range strings.Lines(string(a.Comment)) {
				if app, ok := strings.CutPrefix(line, "from: "); ok {
					wanted.App = strings.TrimSpace(app)
				}
				if only, ok := strings.CutPrefix(line, "only: "); ok {
					wanted.Only = strings.TrimSpace(only)
				}
			}
			prog, list := resolve.Resolve(t.Context(), p, resolve.Options{Contracts: []resolve.Wanted{wanted}})
			if list.HasErrors() || len(prog.Contracts) != 1 {
				t.Fatal(shown(t, list, dir))
			}
			got := contract(prog.Contracts[0])
			if *update {
				a.Files[last].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(a.Files[last].Data) {
				t.Errorf("got:\n%s\nwant:\n%s", got, a.Files[last].Data)
			}
			if prog, _ = resolve.Resolve(t.Context(), p, resolve.Options{}); prog.Contracts != nil {
				t.Error("a contract is made that nobody has asked for")
			}
		})
	}
}

// contract writes down all of a contract.
func contract(c *model.Contract) string {
	d := &dumper{}
	if c.App.Path != "" {
		d.line(0, "app", c.App.Path, c.Title, comment(c.Doc))
	}
	for _, g := range c.Gateways {
		d.line(0, "gateway", g.Name, g.Package.Path, g.Gateway.Name, path(g.Path), access(g.Access), when(g.Registry.Go != "", "of "+g.Registry.Go), comment(g.Doc))
		for _, call := range g.Calls {
			out := "()"
			if call.Out != nil {
				out = shape(call.Out)
			}
			d.line(1, call.Event, incoming(call.In), "->", when(call.Stream, "stream of"), out, when(call.Access != g.Access, access(call.Access)),
				when(call.Closed, "refuses with ["+strings.Join(call.Errors, " ")+"]"), strings.Join(call.Examples, " "), comment(call.Doc))
		}
	}
	for _, r := range c.Registries {
		d.line(0, "registry", r.Name, r.Go)
		for _, p := range r.Pushes {
			d.line(1, p.Event, either(p.Data), when(p.Kept, "kept"), comment(p.Doc))
		}
		for _, a := range r.Asks {
			d.line(1, a.Event, either(a.In), "->", either(a.Out), comment(a.Doc))
		}
	}
	for _, def := range c.Defs {
		d.line(0, "type", def.Name, when(def.Input != "", "or "+def.Input), "("+def.Go+")", when(def.Taken != nil, "in"), when(def.Sent != nil, "out"), comment(def.Doc))
		if def.Shape.Kind != model.ShapeObject && def.Shape.Kind != model.ShapeEnum {
			d.line(1, shape(def.Shape))
		}
		for _, m := range def.Shape.Fields {
			d.line(1, m.Name+when(m.Optional, "?"), shape(m.Shape), when(m.Required, "required"), rules(m.Rules), fmt.Sprintf("%s:%d", filepath.Base(m.Pos.Filename), m.Pos.Line), comment(m.Doc))
		}
		for _, v := range def.Shape.Values {
			d.line(1, v.Go, "=", v.Text+v.Int, comment(v.Doc))
		}
	}
	for _, code := range c.Codes {
		d.line(0, "code", code.Code, code.Go, comment(code.Doc))
	}
	return d.b.String()
}

func either(shapes []*model.Shape) string {
	var all []string
	for _, s := range shapes {
		if s == nil {
			all = append(all, "null")
		} else {
			all = append(all, shape(s))
		}
	}
	return strings.Join(all, " | ")
}

func path(segments []model.Segment) string {
	text := ""
	for _, s := range segments {
		text += s.Text + when(s.Wildcard != "", "<"+s.Wildcard+when(s.Rest, "...")+">")
	}
	return text
}

func access(a model.Access) string { return []string{"open", "public", "guarded"}[a] }

func rules(r model.Rules) string {
	if !r.Any() {
		return ""
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%+v", r)), " ")
}

func incoming(in model.Data) string {
	if in.Shape != nil {
		return "(" + shape(in.Shape) + ")"
	}
	var members []string
	for _, m := range in.Members {
		members = append(members, m.Name+when(!m.Required, "?")+" "+shape(m.Shape))
	}
	return "(" + when(in.Form == model.DataScalar, "alone or as ") + strings.Join(members, ", ") + ")"
}

func comment(doc model.Doc) string {
	text := strings.ReplaceAll(doc.Text, "\n", `\n`)
	return when(text != "", "// "+text) + when(doc.Deprecated != "", " DEPRECATED "+doc.Deprecated)
}

func shape(s *model.Shape) string {
	var text string
	switch s.Kind {
	case model.ShapeRef:
		text = s.Def.Name
	case model.ShapeArray:
		text = "[]" + shape(s.Elem)
	case model.ShapeTuple:
		text = fmt.Sprintf("[%d]%s", s.Len, shape(s.Elem))
	case model.ShapeMap:
		text = "map[" + shape(s.Key) + "]" + shape(s.Elem)
	case model.ShapeObject:
		text = fmt.Sprintf("object of %d", len(s.Fields))
	default:
		text = []string{"any", "bool", "string", "integer", "number", "", "", "", "", "enum"}[s.Kind]
	}
	return text + when(s.Format != "", ":"+s.Format) + when(s.Quoted, " in quotes") + when(s.Null, "?")
}
