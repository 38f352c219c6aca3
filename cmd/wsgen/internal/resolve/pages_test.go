package resolve_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// pagesDir is where the pages of diagnostics are.
const pagesDir = "../diag/pages"

// alone are the codes whose example no other package can be loaded beside: the
// mistake ends the run before anything is resolved, or shows elsewhere.
var alone = []diag.Code{
	diag.Syntax, diag.PackageNames, diag.MergeConflict, diag.NotOurs, diag.ParkedFile, diag.UnfoundPackage,
	diag.OneOutputTwice, diag.OutputInTheWay, diag.NoSuchApp, diag.NoSuchPath, diag.NoGateway, diag.OwnJSON, diag.InheritedName, diag.ClientFolder,
}

// TestPages carries out the example of every page. The files in before have the
// mistake and no other, at the place and with the words that the page shows. Those
// in after have none, and Go knows all their types.
func TestPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pages := slices.DeleteFunc(diag.Pages(), func(p diag.Page) bool {
		return !strings.HasSuffix(p.Before[0].Name, ".go") // of the settings' own, and tested there
	})
	for _, p := range pages {
		if !slices.Contains(alone, p.Code) {
			example(t, dir, p)
		}
	}
	goMod(t, dir)
	program, loaded, err := source.Load(t.Context(), source.Options{Dir: dir})
	if err != nil || loaded.HasErrors() {
		t.Fatal(err, shown(t, loaded, dir))
	}
	for _, p := range pages {
		t.Run(string(p.Code), func(t *testing.T) {
			if slices.Contains(alone, p.Code) {
				aloneExample(t, p)
				return
			}
			before, after := filepath.Join(dir, folder(p.Code, "before")), filepath.Join(dir, folder(p.Code, "after"))
			_, list := resolve.Resolve(t.Context(), part(program, before), options(p))
			judge(t, p, list, before)
			sub := part(program, after)
			_, list = resolve.Resolve(t.Context(), sub, options(p))
			if len(list) > 0 {
				t.Errorf("after has mistakes:\n%s", shown(t, list, after))
			}
			healthy(t, sub)
		})
	}
}

// options are those of the run that an example is about.
func options(p diag.Page) resolve.Options {
	return resolve.Options{RequirePosture: p.Code == diag.NoPosture, Wire: true}
}

// folder is where an example stands in the module of all examples.
func folder(code diag.Code, when string) string {
	return filepath.Join(strings.ToLower(string(code)), when)
}

// part is the program of the packages below dir.
func part(program *source.Program, dir string) *source.Program {
	sub := *program
	sub.Packages = slices.DeleteFunc(slices.Clone(program.Packages), func(p *source.Package) bool {
		return p.Dir != dir && !strings.HasPrefix(p.Dir, dir+string(filepath.Separator))
	})
	if rel, err := filepath.Rel(program.Module.Dir, dir); err == nil {
		sub.Module.Path += "/" + filepath.ToSlash(rel)
	}
	sub.Module.Dir = dir
	return &sub
}

// healthy checks that the examples which are shown as right are right for Go, too.
func healthy(t *testing.T, program *source.Program) {
	t.Helper()
	if len(program.Packages) == 0 {
		t.Error("after has no package with a directive")
	}
	for _, p := range program.Packages {
		for _, e := range p.Errors {
			if !strings.Contains(e.Msg, "NewRouter") { // which wsgen declares
				t.Errorf("after: %v", e)
			}
		}
	}
}

func judge(t *testing.T, p diag.Page, list diag.List, dir string) {
	t.Helper()
	got := shown(t, list, dir)
	got = strings.ReplaceAll(got, "example.com/app/"+filepath.ToSlash(folder(p.Code, "before")), "example.com/app")
	if len(list) == 0 {
		t.Error("before has no mistake")
	}
	for _, d := range list {
		if d.Code != p.Code || d.Pos.Line == 0 || d.Pos.Column == 0 {
			t.Errorf("before: want %s alone, with line and column, got:\n%s", p.Code, got)
			break
		}
		if d.Help == "" {
			t.Errorf("%s has no help", p.Code)
		}
	}
	if got == p.Says {
		return
	}
	if !*update {
		t.Errorf("wsgen says:\n%s\nthe page says:\n%s", got, p.Says)
		return
	}
	says(t, p, got)
}

// says writes what wsgen said into a page.
func says(t *testing.T, p diag.Page, text string) {
	t.Helper()
	file := filepath.Join(pagesDir, string(p.Code)+".txtar")
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "says" })
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "after/") })
	a.Files = slices.Insert(a.Files, max(i, 0), txtar.File{Name: "says", Data: []byte(text)})
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// aloneExample carries out an example in modules of its own.
func aloneExample(t *testing.T, p diag.Page) {
	dir := t.TempDir()
	example(t, dir, p)
	for _, when := range []string{"before", "after"} {
		module := filepath.Join(dir, folder(p.Code, when))
		goMod(t, module)
		result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: module, Outputs: outputs(t, module)}, &output.Memory{})
		if err != nil {
			t.Fatal(err)
		}
		if when == "before" {
			judge(t, p, result.Diagnostics, module)
		} else if len(result.Diagnostics) > 0 {
			t.Errorf("after has mistakes:\n%s", shown(t, result.Diagnostics, module))
		}
	}
}

// outputs are those that the settings of an example ask for.
func outputs(t *testing.T, module string) (all []pipeline.Output) {
	t.Helper()
	set, list, err := settings.Load(module)
	if err != nil || len(list) > 0 {
		t.Fatal(err, shown(t, list, module))
	}
	for _, o := range set.Outputs {
		all = append(all, pipeline.Output{
			Setting: o.Setting, File: filepath.Join(module, o.Path), Value: o.Value, Pos: o.Pos, End: o.End,
			Selection: model.Selection{App: o.From, Only: strings.Join(o.Only, " ")},
		})
	}
	return all
}

// example writes the files of a page, imports between them adapted.
func example(t *testing.T, dir string, p diag.Page) {
	t.Helper()
	for when, files := range map[string][]diag.File{"before": p.Before, "after": p.After} {
		if len(files) == 0 {
			t.Errorf("%s has no example of %s", p.Code, when)
		}
		a := &txtar.Archive{}
		for _, f := range files {
			if formatted, err := format.Source([]byte(f.Text)); strings.HasSuffix(f.Name, ".go") && err == nil && string(formatted) != f.Text {
				t.Errorf("%s: %s/%s is not formatted", p.Code, when, f.Name)
			}
			text := f.Text
			if !slices.Contains(alone, p.Code) {
				text = strings.ReplaceAll(text, `"example.com/app/`, `"example.com/app/`+filepath.ToSlash(folder(p.Code, when))+"/")
			}
			a.Files = append(a.Files, txtar.File{Name: filepath.Join(folder(p.Code, when), f.Name), Data: []byte(text)})
		}
		if err := write(dir, a); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryCodeHasAPage checks that a code has a page, which explains it, and that
// a page has a code. There are at least 60, each of another cause.
func TestEveryCodeHasAPage(t *testing.T) {
	t.Parallel()
	codes := declared(t)
	titles := map[string]diag.Code{}
	for i, p := range diag.Pages() {
		if i >= len(codes) || p.Code != codes[i] {
			t.Fatalf("the pages in %s do not match the codes in diag/codes.go at %s", pagesDir, p.Code)
		}
		if p.Title == "" || strings.HasSuffix(p.Title, ".") || !strings.HasSuffix(p.Text, ".") {
			t.Errorf("%s: the title is a line without period, the text has sentences", p.Code)
		}
		if other := titles[p.Title]; other != "" {
			t.Errorf("%s and %s have the same title", other, p.Code)
		}
		titles[p.Title] = p.Code
	}
	if len(titles) != len(codes) {
		t.Errorf("%d codes, %d pages: write the missing ones in %s", len(codes), len(titles), pagesDir)
	}
	if len(titles) < 60 {
		t.Errorf("only %d pages", len(titles))
	}
}

// declared are the codes that package diag declares, in their order.
func declared(t *testing.T) []diag.Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../diag/codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []diag.Code
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			code, _ := strconv.Unquote(lit.Value)
			codes = append(codes, diag.Code(code))
		}
		return true
	})
	return codes
}

// goMod writes the go.mod of a user's module.
func goMod(t *testing.T, dir string) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("module example.com/app\n\ngo 1.26.0\n\nrequire github.com/wsgen/wsgen v0.0.0\n\nreplace github.com/wsgen/wsgen => " + runtimeDir + "\n")
	// Some mistakes are those of modules that use wire; nothing of it is imported.
	b.WriteString("\nrequire github.com/google/wire v0.0.0\n\nreplace github.com/google/wire => ./_wire\n")
	if err := write(dir, &txtar.Archive{Files: []txtar.File{{Name: "_wire/go.mod", Data: []byte("module github.com/google/wire\n")}}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
