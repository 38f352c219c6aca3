package source

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"path/filepath"
	"slices"
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

// parseCandidates parses the folders that mention a directive, or did when wsgen
// last wrote there. It drops those that only mention it in strings, and those of
// which every file was read whole, and none has anything.
func parseCandidates(fset *token.FileSet, folders map[string]*folder) []*candidate {
	var all []*candidate
	for _, f := range folders {
		if !f.mentions && len(f.generated) == 0 {
			continue
		}
		c := &candidate{folder: f, files: parseAll(fset, f.files), tests: parseAll(fset, f.tests)}
		if c.annotated() || len(f.generated) > 0 && c.broken() {
			all = append(all, c)
		}
	}
	return all
}

// annotated reports whether c has a directive, or may have one where Go cannot
// read it.
func (c *candidate) annotated() bool {
	return slices.ContainsFunc(slices.Concat(c.files, c.tests), func(p parsed) bool {
		return p.file != nil && directive.Any(p.file) || p.lost(c.folder)
	})
}

// broken reports whether there is a file that Go cannot read.
func (c *candidate) broken() bool {
	return slices.ContainsFunc(c.files, func(p parsed) bool { return p.err != nil })
}

// lost reports whether the text of a directive is in a file, and nothing of that
// in what could be read of it.
func (p parsed) lost(f *folder) bool {
	return p.err != nil && f.mention[p.path] && (p.file == nil || !directive.Any(p.file))
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
// most three, since the later ones are mostly echoes of the first, and one if
// the file does not even begin as one of Go does.
func syntaxErrors(p parsed) (list diag.List) {
	var errs scanner.ErrorList
	if !errors.As(p.err, &errs) {
		return diag.List{{Code: diag.Syntax, Pos: token.Position{Filename: p.path}, Message: p.err.Error()}}
	}
	errs.RemoveMultiples()
	most := 3
	if p.file == nil || !p.file.Package.IsValid() {
		most = 1
	}
	for _, e := range errs[:min(most, len(errs))] {
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
