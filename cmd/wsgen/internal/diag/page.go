package diag

import (
	"cmp"
	"embed"
	"path"
	"slices"
	"strings"
)

// Page explains a code: `wsgen explain` and docs/reference/diagnostics.md print
// from it. A test of package resolve carries out every example, so a page
// cannot say what is not so.
type Page struct {
	Code   Code
	Title  string // what is wrong, in lower case
	Text   string // why it is wrong, in paragraphs
	Before []File // a user's files with the mistake
	Says   string // what wsgen says about them
	After  []File // without it
}

// File is a file of an example.
type File struct {
	Name string // relative to the module's root
	Text string
}

//go:embed pages/*.txtar
var pages embed.FS

// Pages returns the page of every code, in their order.
func Pages() []Page {
	entries, err := pages.ReadDir("pages")
	if err != nil {
		panic(err) // it is in the program
	}
	all := make([]Page, 0, len(entries))
	for _, e := range entries {
		text, err := pages.ReadFile(path.Join("pages", e.Name()))
		if err != nil {
			panic(err)
		}
		all = append(all, parsePage(Code(strings.TrimSuffix(e.Name(), ".txtar")), string(text)))
	}
	slices.SortFunc(all, func(a, b Page) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// FindPage returns the page of a code as a person writes it: WS007, ws007,
// 007 or 7.
func FindPage(name string) (Page, bool) {
	digits := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(name)), "WS")
	code := Code("WS" + strings.Repeat("0", max(0, 3-len(digits))) + digits)
	for _, p := range Pages() {
		if p.Code == code {
			return p, true
		}
	}
	return Page{}, false
}

// parsePage reads a page in txtar form: the comment is the title, an empty
// line and the text; the files are before/NAME, says and after/NAME.
func parsePage(code Code, text string) Page {
	head, rest := section(text)
	title, body, _ := strings.Cut(head, "\n")
	p := Page{Code: code, Title: strings.TrimSpace(title), Text: strings.TrimSpace(body)}
	for rest != "" {
		marker, after, _ := strings.Cut(rest, "\n")
		name := strings.TrimSuffix(strings.TrimPrefix(marker, "-- "), " --")
		var data string
		data, rest = section(after)
		switch dir, file, _ := strings.Cut(name, "/"); dir {
		case "before":
			p.Before = append(p.Before, File{file, data})
		case "after":
			p.After = append(p.After, File{file, data})
		case "says":
			p.Says = data
		}
	}
	return p
}

// section cuts text before its first marker line.
func section(text string) (before, rest string) {
	if strings.HasPrefix(text, "-- ") {
		return "", text
	}
	if i := strings.Index(text, "\n-- "); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, ""
}
