package scaffold_test

import (
	"os"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// TestDocumentsShowTheCheck checks that the documents show the test which new and
// init write.
func TestDocumentsShowTheCheck(t *testing.T) {
	check, err := scaffold.Check(scaffold.Data{Root: "main", Test: scaffold.CheckTest})
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{"README.md", "docs/guide/first-gateway.md"} {
		text, err := os.ReadFile("../../../../" + document)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "```go\n"+string(check)+"```\n") {
			t.Errorf("%s does not show this test:\n%s", document, check)
		}
	}
}
