package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// promise is a test that a document names: in a row of a table, in code style,
// as folder.TestName or folder.TestName/subtest.
type promise struct {
	at   string // file:line
	name string
}

var named = regexp.MustCompile("`((?:[\\w-]+/)*[\\w-]+\\.(?:Test|Fuzz|Example)[^`]*)`")

// promises reads the names in a document's tables.
func promises(name, text string) (found []promise) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if !strings.HasPrefix(line, "|") {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(line, -1) {
			// go test writes a blank in a subtest's name as _.
			found = append(found, promise{fmt.Sprintf("%s:%d", name, n), strings.ReplaceAll(m[1], " ", "_")})
		}
	}
	return found
}

// promise has the report fail unless every test that the document names passes.
func (r *report) promise(document string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	r.promised = promises(document, string(text))
	if len(r.promised) == 0 {
		return fmt.Errorf("%s names no tests", document)
	}
	return nil
}

// keep notes a test that passed, by the name that a document would give it.
func (r *report) keep(e event) {
	for _, p := range r.promised {
		folder, test, _ := strings.Cut(p.name, ".")
		if test == e.Test && strings.HasSuffix(e.Package, "/"+folder) {
			r.kept[p.name] = true
		}
	}
}

// broken prints the promised tests that did not pass, and counts them as
// failures: those that are gone, or were renamed, or left out, too.
func (r *report) broken() {
	for _, p := range r.promised {
		if !r.kept[p.name] {
			fmt.Fprintf(r.out, "FAIL  %s: %s did not run and pass\n", p.at, p.name)
			r.failed++
		}
	}
}
