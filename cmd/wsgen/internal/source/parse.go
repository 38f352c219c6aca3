package source

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// parsed is a file that was read, with its syntax errors if it has any.
type parsed struct {
	path string
	file *ast.File
	err  error
}

// candidate is a folder of the module with something in its comments that is,
// or looks like, a directive.
type candidate struct {
	*folder
	files []parsed
	tests []parsed
}

// parseCandidates parses the folders that mention a directive, and drops those
// that only mention it in strings.
func parseCandidates(fset *token.FileSet, folders map[string]*folder) []*candidate {
	var all []*candidate
	for _, f := range folders {
		if !f.mentions {
			continue
		}
		c := &candidate{folder: f, files: parseAll(fset, f.files), tests: parseAll(fset, f.tests)}
		if c.annotated() {
			all = append(all, c)
		}
	}
	return all
}

func (c *candidate) annotated() bool {
	for _, list := range [][]parsed{c.files, c.tests} {
		for _, p := range list {
			if p.file != nil && directive.Any(p.file) {
				return true
			}
		}
	}
	return false
}

func parseAll(fset *token.FileSet, paths []string) []parsed {
	var all []parsed
	for _, path := range paths {
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution|parser.AllErrors)
		all = append(all, parsed{path, f, err})
	}
	return all
}

// imports are the import paths of some files.
func imports(files []parsed) []string {
	var paths []string
	for _, p := range files {
		if p.file == nil {
			continue
		}
		for _, spec := range p.file.Imports {
			if path, err := strconv.Unquote(spec.Path.Value); err == nil {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// syntaxErrors turns what the parser said about a file into diagnostics: at
// most three, since the later ones are mostly echoes of the first.
func syntaxErrors(p parsed) (list diag.List) {
	var errs scanner.ErrorList
	if !errors.As(p.err, &errs) {
		return diag.List{{Code: diag.Syntax, Pos: token.Position{Filename: p.path}, Message: p.err.Error()}}
	}
	errs.RemoveMultiples()
	for i, e := range errs {
		if i == 3 {
			break
		}
		d := diag.Diagnostic{
			Code: diag.Syntax, Pos: e.Pos, Message: e.Msg,
			Help: "nothing is generated until Go can read this file",
		}
		switch {
		case p.file != nil && p.file.FileStart == p.file.FileEnd:
			d.Message, d.Help = "the file is empty", "begin it with a package clause, or remove it"
		case strings.Contains(e.Msg, "found '<<'"):
			d.Code, d.Message, d.Help = diag.MergeConflict, "this is the mark of a merge conflict", "resolve the conflict: nothing is generated until Go can read this file"
		}
		list = append(list, d)
	}
	return list
}

// packageClash finds two files of one folder that name different packages.
func packageClash(fset *token.FileSet, files []*ast.File) (list diag.List) {
	for _, f := range files {
		if first := files[0]; f.Name.Name != first.Name.Name {
			list = append(list, diag.Diagnostic{
				Code: diag.PackageNames, Pos: fset.Position(f.Name.Pos()), End: fset.Position(f.Name.End()),
				Message: fmt.Sprintf("this file is package %s, %s is package %s", f.Name.Name, filepath.Base(fset.Position(first.Pos()).Filename), first.Name.Name),
				Help:    "give all files of the folder the same package clause",
				Related: []diag.Related{{Pos: fset.Position(first.Name.Pos()), Message: "the other package clause"}},
			})
		}
	}
	return list
}
