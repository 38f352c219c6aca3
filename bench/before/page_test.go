// Package before_test has the programs that the pages for those who come from elsewhere
// show for comparison, and runs them with the packages that they are about, in the
// versions that the benchmark has as peers.
package before_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait.
const patience = 20 * time.Second

var before = regexp.MustCompile("(?s)\n## Before\n.*?\n```golang\n(.*?)```\n")

// shows fails unless a page shows what a file here has, at whatever indentation.
func shows(t *testing.T, page, file string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/guide/" + page + ".md")
	if err != nil {
		t.Fatal(err)
	}
	m := before.FindStringSubmatch(string(text))
	if m == nil {
		t.Fatalf("%s has no program under Before", page)
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(flat(string(source)), flat(m[1])) {
		t.Errorf("%s shows another program than %s has:\n%s", page, file, m[1])
	}
}

// flat is a text without indentation.
func flat(text string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(text, "")
}
