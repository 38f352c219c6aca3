package wsgen_test

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

var promised = regexp.MustCompile("`((?:[\\w-]+/)*[\\w-]+)\\.((?:Test|Fuzz|Example)\\w*)[^`]*`")

// TestGuaranteesHaveTests checks that each row of docs/reference/guarantees.md
// names tests, and that they are there. At the end of make test, tools/testsum
// checks that they ran and passed.
func TestGuaranteesHaveTests(t *testing.T) {
	tests := map[string]bool{}
	for _, s := range repository(t, ".") {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				tests[s.dir+"."+f.Name.Name] = true
			}
		}
	}
	rows := 0
	for i, line := range strings.Split(text(t, "docs/reference/guarantees.md"), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || cells[0] == "---" || cells[0] == " what holds " {
			continue
		}
		rows++
		names := promised.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 2 || len(names) == 0 || len(names) != strings.Count(cells[1], "`")/2 {
			t.Errorf("line %d is not a promise and its tests: %s", i+1, line)
		}
		for _, n := range names {
			if !tests[n[1]+"."+n[2]] {
				t.Errorf("line %d: there is no %s in %s", i+1, n[2], n[1])
			}
		}
	}
	if rows < 50 {
		t.Errorf("%d rows: the document has lost its tables", rows)
	}
	if !strings.Contains(text(t, "tools/test.sh"), "testsum -promises docs/reference/guarantees.md") {
		t.Error("make test does not hold the document to what ran")
	}
}
