package resolve

import (
	"cmp"
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// doc is the comment of a type, a field or a constant, in whatever package it
// is. Export data has none, so the file is read for it.
func (r *resolver) doc(obj types.Object) model.Doc {
	where := r.position(obj.Pos())
	file := r.parsed(obj.Pos(), where.Filename)
	if file == nil {
		return model.Doc{}
	}
	known := r.docs[file]
	if known == nil {
		known = r.docsIn(file)
		r.docs[file] = known
	}
	return docOf(known[declaration{obj.Name(), where.Line}])
}

// docsIn are the comments of all that a file declares.
func (r *resolver) docsIn(file *ast.File) map[declaration]*ast.CommentGroup {
	found := map[declaration]*ast.CommentGroup{}
	note := func(id *ast.Ident, docs ...*ast.CommentGroup) {
		found[declaration{id.Name, r.position(id.Pos()).Line}] = cmp.Or(docs...)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			var group *ast.CommentGroup // that of a lone declaration stands above the word
			if !n.Lparen.IsValid() {
				group = n.Doc
			}
			for _, spec := range n.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					note(s.Name, s.Doc, group, s.Comment)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						note(id, s.Doc, group, s.Comment)
					}
				}
			}
		case *ast.Field:
			ids := n.Names
			if id := typeName(n.Type); len(ids) == 0 && id != nil {
				ids = []*ast.Ident{id}
			}
			for _, id := range ids {
				note(id, n.Doc, n.Comment)
			}
		case *ast.FuncDecl:
			return false
		}
		return true
	})
	return found
}

// docOf is the text of a comment, without directives. A paragraph that begins
// with Deprecated: is told apart.
func docOf(group *ast.CommentGroup) model.Doc {
	var doc model.Doc
	var text []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(group.Text()), "\n\n") {
		if why, ok := strings.CutPrefix(paragraph, "Deprecated:"); ok {
			doc.Deprecated = strings.TrimSpace(why)
		} else {
			text = append(text, paragraph)
		}
	}
	doc.Text = strings.Join(text, "\n\n")
	return doc
}
