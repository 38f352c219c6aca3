package wsgen_test

import (
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// These tests check that the pages and sections which a text cites are there. A
// page is cited by its path from the root, or from the folder of the text that
// cites it, and a section by its heading: docs/guide/messages.md, "Order".

var (
	pageCited = regexp.MustCompile(`(?:^|[^\w/.-])((?:[\w-]+/|\.\./)*[\w-]+\.md)(?:, "([^"]+)")?`)
	adrCited  = regexp.MustCompile(`\bADRs? (\d+)\b|\bdecision \[?(\d+)`)
	linked    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`) // of those TestLinksLeadSomewhere sees to
	testCited = regexp.MustCompile("`((?:Test|Fuzz|Benchmark|Example)[A-Z]\\w*)[`/]")
)

func TestCitedPagesExist(t *testing.T) {
	texts := 0
	look := func(at, dir, text string) {
		texts++
		for _, fault := range miscited(text, dir) {
			t.Errorf("%s: %s", at, fault)
		}
	}
	for _, s := range repository(t, ".") {
		for _, group := range s.file.Comments {
			var text strings.Builder
			for _, c := range group.List {
				text.WriteString(strings.TrimPrefix(c.Text, "//"))
			}
			look(fmt.Sprintf("%s:%d", s.path, s.fset.Position(group.Pos()).Line), s.dir, text.String())
		}
	}
	for _, dir := range []string{"templates", "tools", ".ci"} {
		err := fs.WalkDir(os.DirFS("."), dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && path.Ext(name) != ".go" {
				look(name, path.Dir(name), text(t, name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range append(documents(t), "CHANGELOG.md", "bench/README.md", "Makefile") {
		look(name, path.Dir(name), prose(text(t, name)))
	}
	if texts < 1000 {
		t.Errorf("only %d texts were looked at", texts)
	}
}

// TestCitedTestsExist checks that the tests which pages name are there.
func TestCitedTestsExist(t *testing.T) {
	all := functions(repository(t, "."))
	for _, doc := range append(documents(t), "CHANGELOG.md") {
		for _, m := range testCited.FindAllStringSubmatch(text(t, doc), -1) {
			if !all[m[1]] {
				t.Errorf("%s names %s, and there is no such function", doc, m[1])
			}
		}
	}
}

// TestAnchorsLeadSomewhere checks that links to sections find them.
func TestAnchorsLeadSomewhere(t *testing.T) {
	anchor := regexp.MustCompile(`\]\(([^)#\s]*)#([^)\s]+)\)`)
	for _, doc := range append(documents(t), "CHANGELOG.md", "bench/README.md") {
		for _, m := range anchor.FindAllStringSubmatch(text(t, doc), -1) {
			page := path.Join(path.Dir(doc), m[1])
			if m[1] == "" {
				page = doc
			}
			if path.Ext(page) != ".md" || strings.Contains(m[1], "://") {
				continue
			}
			if !slices.Contains(anchors(text(t, page)), m[2]) {
				t.Errorf("%s links to %s#%s, and that page has no such section", doc, page, m[2])
			}
		}
	}
}

// TestCitedFilesExist checks that the Go files which comments name are there, in
// whichever folder.
func TestCitedFilesExist(t *testing.T) {
	fileCited := regexp.MustCompile(`\b[a-z]\w*\.go\b`)
	all := repository(t, ".")
	there := map[string]bool{"ws_client_gen.go": true} // archives of tests have it
	for _, s := range all {
		there[path.Base(s.path)] = true
	}
	cited := 0
	for _, s := range written(all) {
		for _, group := range s.file.Comments {
			for _, name := range fileCited.FindAllString(group.Text(), -1) {
				cited++
				if !there[name] {
					t.Errorf("%s:%d: there is no file %s", s.path, s.fset.Position(group.Pos()).Line, name)
				}
			}
		}
	}
	if cited < 5 {
		t.Errorf("only %d files are cited", cited)
	}
}

func TestMiscited(t *testing.T) {
	for text, wrong := range map[string]bool{
		`see docs/guide/messages.md, "Order", for that`:   false,
		`see docs/guide/messages.md`:                      false,
		`(docs/adr/0001-register-before-the-answer.md)`:   false,
		`peers.md stands beside this file`:                false,
		`as ADR 9 says`:                                   false,
		`decision [7](adr/0007-full-outboxes.md)`:         false,
		`[messages.md](docs/guide/messages.md) as a link`: false,
		`no page at all, "Order"`:                         false,
		`see docs/guide/message.md`:                       true,
		`see messages.md`:                                 true,
		`see docs/guide/messages.md, "order"`:             true,
		"see docs/guide/messages.md, \"What\n is it\"":    true,
		`as ADR 99 says`:                                  true,
		`decision [99](adr/0007-full-outboxes.md)`:        true,
	} {
		if got := miscited(text, "cmd/wsgen/internal/diag"); (len(got) > 0) != wrong {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// functions returns the names of what go test runs.
func functions(all []*source) map[string]bool {
	names := map[string]bool{}
	for _, s := range all {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

// miscited returns the pages, sections and decisions that a text in a folder of
// the repository cites and that are not there.
func miscited(words, dir string) (faults []string) {
	words = linked.ReplaceAllStringFunc(strings.Join(strings.Fields(words), " "), func(link string) string {
		if strings.Contains(link, ".md]") {
			return ""
		}
		return linked.ReplaceAllString(link, "[$1]")
	})
	for _, m := range pageCited.FindAllStringSubmatch(words, -1) {
		page := path.Join(dir, m[1])
		if _, err := os.Stat(page); err != nil {
			page = m[1]
		}
		body, err := os.ReadFile(page)
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("there is no page %s, from the root or from here", m[1]))
		case m[2] != "" && !slices.Contains(headings(string(body)), m[2]):
			faults = append(faults, fmt.Sprintf("%s has no section %q", page, m[2]))
		}
	}
	for _, m := range adrCited.FindAllStringSubmatch(words, -1) {
		number := m[1] + m[2]
		if found, _ := fs.Glob(os.DirFS("docs/adr"), fmt.Sprintf("%04s-*.md", number)); len(found) == 0 {
			faults = append(faults, "there is no decision "+number+" in docs/adr")
		}
	}
	return faults
}

// prose is a document without its fenced blocks.
func prose(document string) string {
	var out strings.Builder
	fenced := false
	for line := range strings.Lines(document) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		} else if !fenced {
			out.WriteString(line)
		}
	}
	return out.String()
}

// headings returns the text of a document's headings, as one reads it.
func headings(document string) (out []string) {
	for line := range strings.Lines(prose(document)) {
		if level, heading, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.Trim(level, "#") == "" && level != "" {
			out = append(out, strings.NewReplacer("`", "", "*", "").Replace(heading))
		}
	}
	return out
}

// anchors returns the names by which links reach a document's headings.
func anchors(document string) (out []string) {
	seen := map[string]int{}
	for _, heading := range headings(document) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, heading)
		if n := seen[name]; n > 0 {
			out = append(out, fmt.Sprintf("%s-%d", name, n))
		} else {
			out = append(out, name)
		}
		seen[name]++
	}
	return out
}
