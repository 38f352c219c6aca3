package resolve_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/goserver"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// TestCures does what a user does who trusts wsgen: it pastes what is printed
// below help:, to where the words say, and expects that the mistake is gone and
// that the program compiles, with what wsgen generates for it. It does so with
// the example of every page, and with every program of testdata/cures. Help
// that has code in it and is not understood here fails: text that cannot be pasted
// must not look as if it could.
func TestCures(t *testing.T) {
	t.Parallel()
	trials := trialsOf(t)
	before := t.TempDir()
	for _, tr := range trials {
		tr.write(t, before, tr.files)
	}
	goMod(t, before)
	program := load(t, before)
	var pasted []*trial
	for _, tr := range trials {
		dir := filepath.Join(before, tr.name)
		_, list := resolve.Resolve(t.Context(), part(program, dir), tr.options)
		if len(list) == 0 {
			t.Errorf("%s: there is no mistake", tr.name)
		}
		all := tr.paste(t, dir, list)
		if len(all) == 0 && tr.page == nil {
			t.Errorf("%s: nothing to paste:\n%s", tr.name, shown(t, list, dir))
		}
		pasted = append(pasted, all...)
	}
	compile(t, pasted)
}

// TestCuresOfOutputs pastes what is printed about settings that ask for outputs: a
// name for the last word of the message, a line for the line that is to blame, and a
// directive above it.
func TestCuresOfOutputs(t *testing.T) {
	t.Parallel()
	pasted := 0
	for _, p := range diag.Pages() {
		if !strings.HasSuffix(p.Before[0].Name, ".go") || !slices.ContainsFunc(p.Before, func(f diag.File) bool { return f.Name == settings.File }) {
			continue
		}
		dir := t.TempDir()
		example(t, dir, p)
		dir = filepath.Join(dir, folder(p.Code, "before"))
		goMod(t, dir)
		run := func() diag.List {
			result, err := pipeline.Run(t.Context(), pipeline.Options{Dir: dir, Outputs: outputs(t, dir)}, &output.Memory{})
			if err != nil {
				t.Fatal(err)
			}
			return result.Diagnostics
		}
		d := run()[0]
		text, err := os.ReadFile(d.Pos.Filename)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		line := &lines[d.Pos.Line-1]
		_, code, ok := strings.Cut(d.Help, ":\n\n")
		if !ok {
			_, code, ok = strings.Cut(d.Help, ": ")
		}
		if word, meant := strings.CutPrefix(d.Help, "did you mean "); meant {
			words := strings.Fields(d.Message)
			*line = strings.Replace(*line, words[len(words)-1], strings.TrimSuffix(word, "?"), 1)
		} else if ok && strings.HasPrefix(code, "//ws:") {
			*line = code + "\n" + *line
		} else if ok {
			*line = code
		} else {
			continue
		}
		pasted++
		if err := os.WriteFile(d.Pos.Filename, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		if list := run(); len(list) > 0 {
			t.Errorf("%s: pasted, and there is a mistake:\n%s", p.Code, shown(t, list, dir))
		}
	}
	if pasted != 3 {
		t.Errorf("%d cures were pasted, want 3", pasted)
	}
}

// trial is a program with a mistake, or one in which a cure was pasted.
type trial struct {
	name    string // its folder, with slashes
	files   map[string]string
	options resolve.Options
	page    *diag.Page
	cured   diag.Code // what should be gone
	told    string    // what wsgen had said
}

// trialsOf are the examples of all pages and the programs of testdata/cures.
func trialsOf(t *testing.T) (all []*trial) {
	t.Helper()
	for _, p := range diag.Pages() {
		tr := &trial{name: strings.ToLower(string(p.Code)), files: map[string]string{}, options: options(p), page: &p}
		for _, f := range p.Before {
			tr.files[f.Name] = f.Text
		}
		if !strings.HasSuffix(p.Before[0].Name, ".go") {
			continue // of the settings' own, and pasted there
		}
		if slices.ContainsFunc(p.Before, func(f diag.File) bool { return f.Name == settings.File }) {
			continue // TestCuresOfOutputs pastes them
		}
		if slices.Contains(alone, p.Code) {
			_, help, _ := strings.Cut(p.Says, "help: ")
			if help, _, _ = strings.Cut(help, "\n"); len(read(diag.Diagnostic{Help: help})) > 0 || looksLikeCode(help) {
				t.Errorf("%s: the test cannot paste: %s", p.Code, help)
			}
			continue
		}
		all = append(all, tr)
	}
	files, err := filepath.Glob("testdata/cures/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tr := &trial{name: strings.TrimSuffix(filepath.Base(file), ".txtar"), files: map[string]string{}}
		tr.options.RequirePosture = strings.Contains(string(a.Comment), "posture: required")
		for _, f := range a.Files {
			tr.files[f.Name] = string(f.Data)
		}
		all = append(all, tr)
	}
	return all
}

// write writes the files of a trial into the module at root, imports between
// them adapted.
func (tr *trial) write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	a := &txtar.Archive{}
	for name, text := range files {
		text = strings.ReplaceAll(text, `"example.com/app/`, `"example.com/app/`+tr.name+"/")
		a.Files = append(a.Files, txtar.File{Name: filepath.Join(tr.name, name), Data: []byte(text)})
	}
	if err := write(root, a); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, dir string) *source.Program {
	t.Helper()
	program, list, err := source.Load(t.Context(), source.Options{Dir: dir})
	if err != nil || list.HasErrors() {
		t.Fatal(err, shown(t, list, dir))
	}
	return program
}

// paste makes a trial of each way out that is printed for the mistakes in list:
// the first of each, the second of each, and so on.
func (tr *trial) paste(t *testing.T, dir string, list diag.List) (pasted []*trial) {
	t.Helper()
	var ways [][]cure
	most := 0
	for _, d := range list {
		var printed bytes.Buffer
		if err := diag.Text(&printed, diag.List{d}, diag.TextOptions{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		all := read(d)
		for _, c := range all {
			for line := range strings.Lines(c.code) {
				if line = strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    "); !strings.Contains(printed.String(), line) {
					t.Errorf("%s: this line is not printed in one piece: %s\n%s", tr.name, line, &printed)
				}
			}
		}
		if len(all) == 0 && looksLikeCode(d.Help) {
			t.Errorf("%s: nobody could paste this help:\n%s", tr.name, &printed)
		}
		ways, most = append(ways, all), max(most, len(all))
	}
	for way := range most {
		var chosen []cure
		for _, all := range ways {
			if len(all) > 0 {
				chosen = append(chosen, all[min(way, len(all)-1)])
			}
		}
		files := maps.Clone(tr.files)
		for name := range files {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			e := &editor{path: filepath.Join(dir, filepath.FromSlash(name)), text: string(text)}
			for _, c := range chosen {
				c.apply(e)
			}
			out := strings.ReplaceAll(e.result(), `"example.com/app/`+tr.name+"/", `"example.com/app/`)
			files[name] = out
		}
		if maps.Equal(files, tr.files) {
			t.Errorf("%s: way out %d changes nothing:\n%s", tr.name, way+1, shown(t, list, dir))
		}
		next := *tr
		next.name, next.files, next.cured, next.told = fmt.Sprintf("%s_%d", tr.name, way+1), files, list[0].Code, shown(t, list, dir)
		pasted = append(pasted, &next)
	}
	return pasted
}

// compile expects that nothing is wrong any more: wsgen has no complaint, and
// Go compiles the programs along with what is generated for them.
func compile(t *testing.T, trials []*trial) {
	t.Helper()
	dir := t.TempDir()
	for _, tr := range trials {
		tr.write(t, dir, tr.files)
	}
	realModule(t, dir)
	program := load(t, dir)
	for _, tr := range trials {
		sub := part(program, filepath.Join(dir, tr.name))
		prog, list := resolve.Resolve(t.Context(), sub, tr.options)
		if list.HasErrors() || slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code == tr.cured }) {
			t.Errorf("%s: pasted, and not gone:\n%s\nwas:\n%s", tr.name, shown(t, list, dir), tr.told)
			_ = os.RemoveAll(filepath.Join(dir, tr.name))
			continue
		}
		server := goserver.Artifact()
		files, err := server.Emit(t.Context(), emit.NewRun(prog, nil), server)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(f.Path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "vet", "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-trimpath", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("what wsgen says to paste does not compile: %v\n%s", err, out)
		for _, tr := range trials {
			if bytes.Contains(out, []byte(tr.name+"/")) {
				t.Errorf("%s:\n%s\n%s", tr.name, tr.told, txtar.Format(archive(tr.files)))
			}
		}
	}
}

func archive(files map[string]string) *txtar.Archive {
	a := &txtar.Archive{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(files[name])})
	}
	return a
}

// realModule writes the go.mod of a module that builds with the runtime of this
// tree.
func realModule(t *testing.T, dir string) {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(mod), "\n")
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	head := "module example.com/app\n\nrequire github.com/wsgen/wsgen v0.1.0\n\nreplace github.com/wsgen/wsgen => " + filepath.ToSlash(root) + "\n"
	if err := write(dir, &txtar.Archive{Files: []txtar.File{{Name: "go.mod", Data: []byte(head + rest)}, {Name: "go.sum", Data: sum}}}); err != nil {
		t.Fatal(err)
	}
}
