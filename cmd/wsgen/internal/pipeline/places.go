package pipeline

import (
	"bytes"
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/goclient"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
)

// misplaced reports outputs at places where they cannot be: below a file, or, if they
// are packages of Go, in folders that hold what they cannot be built with.
func misplaced(loaded *source.Program, opts Options, files []emit.File) (list diag.List) {
	apps := opts.table().Apps()
	for _, a := range apps {
		i := slices.IndexFunc(files, func(f emit.File) bool { return f.Path == a.File })
		if i < 0 {
			continue // this run does not write it
		}
		d := diag.Diagnostic{Code: diag.OutputInTheWay, Pos: a.Wanted.Pos, End: a.Wanted.End}
		if what := above(a.File, apps, loaded.Module.Dir); what != "" {
			d.Message, d.Help = "the folder of "+named(a)+" cannot be made: "+what, "name another folder"
			list = append(list, d)
			continue
		}
		if a.Name != goclient.Name {
			continue
		}
		c := clientFolder{loaded: loaded, opts: opts, dir: filepath.Dir(a.File)}
		if what := c.holds(files[i].Data); what != "" {
			d.Code = diag.ClientFolder
			d.Message, d.Help = strings.TrimSuffix(named(a), "/"+goclient.File)+" "+what, "name a folder of its own, such as liveclient"
			list = append(list, d)
		}
	}
	return list
}

// above says what stands where a folder above file would have to be; "" is nothing.
func above(file string, apps []emit.Artifact, root string) string {
	for dir := filepath.Dir(file); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		shown := filepath.ToSlash(output.Relative(root, dir))
		for _, a := range apps {
			if a.File == dir {
				return a.Name + " writes the file " + shown
			}
		}
		info, err := os.Stat(dir)
		switch {
		case err == nil && info.IsDir():
			return ""
		case err == nil:
			return shown + " is a file"
		case errors.Is(err, fs.ErrNotExist):
			if _, err := os.Lstat(dir); err == nil {
				return shown + " is a link to nothing"
			}
		}
	}
	return ""
}

// clientFolder is one that a package of clients is to be in.
type clientFolder struct {
	loaded *source.Program
	opts   Options
	dir    string
}

// holds says what in the folder the package with this text cannot be built with; "" is
// nothing. Files that another build has are left aside, since many a folder has a
// program of its own behind a constraint.
func (c clientFolder) holds(text []byte) string {
	if slices.ContainsFunc(c.loaded.Packages, func(p *source.Package) bool { return p.Dir == c.dir }) {
		return "is a package with directives, and clients need one of their own"
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return "" // it is not there yet, or Put tells why it cannot be read
	}
	name := camel.Package(filepath.Base(c.dir))
	context := build.Default
	context.BuildTags = c.opts.Tags
	var own map[string]bool
	for _, e := range entries {
		path := filepath.Join(c.dir, e.Name())
		if e.IsDir() || filepath.Ext(path) != ".go" || c.opts.table().Files().On(path) {
			continue
		}
		if match, err := context.MatchFile(c.dir, e.Name()); err != nil || !match {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if file == nil || err != nil && file.Name == nil {
			continue // the go command tells
		}
		test := strings.HasSuffix(path, "_test.go")
		switch {
		case test && file.Name.Name == name+"_test":
			continue
		case file.Name.Name != name:
			return "holds package " + file.Name.Name + " (" + e.Name() + "), and the package of clients there would be " + name
		}
		if own == nil {
			own = scopeOf(text)
		}
		for _, declared := range declaredIn(file) {
			if own[declared] {
				return "holds " + e.Name() + ", which declares " + declared + " as the clients do"
			}
		}
	}
	return ""
}

// scopeOf are the names that a file of this text declares for its package, and those
// under which it imports others: a package cannot have both.
func scopeOf(text []byte) map[string]bool {
	names := map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), "", bytes.NewReader(text), parser.SkipObjectResolution)
	if err != nil {
		return names // unreachable: it was formatted
	}
	for _, name := range declaredIn(file) {
		names[name] = true
	}
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		name := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = true
	}
	return names
}

// declaredIn are the names that file declares for its package.
func declaredIn(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name != "init" {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						names = append(names, id.Name)
					}
				}
			}
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "_" })
}
