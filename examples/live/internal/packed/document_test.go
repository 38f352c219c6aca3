package packed

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A step is a fenced block of a document that a user would carry out. The
// comment in the line above the fence says so, invisibly to a reader:
//
//	<!-- user plain,wire: sh -->          run these lines
//	<!-- user plain: file main.go -->     write this file
//	<!-- user plain: edit main.go -->     change it: lines with + come, with - go
//	<!-- user plain: holds ws_gen.go -->  this file has these lines, one behind the other
//	<!-- user plain: serve /chat -->      run this line, and wait until it serves that path
//	<!-- user plain: talk /chat -->       connect there; > is sent, < is received
//	<!-- user plain: prints -->           what the last of these lines printed
//	<!-- user plain: console -->          paste these lines into a browser's console
//	<!-- user plain: fails -->            run these lines; the last one fails
//	<!-- user plain: says -->             the first output of the failure; … is any text
//
// The words before the colon are the walks through the document that the step
// belongs to.
type step struct {
	at   string // file:line of the fence
	do   string // sh, prints, file, edit, holds, serve, talk, console, fails, says
	arg  string
	text string
}

var marker = regexp.MustCompile(`^<!-- user ([a-z,]+): ([a-z]+) ?(\S*) -->$`)

// steps reads the walk through a document, a file of the repository.
func steps(t *testing.T, name, walk string) []step {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository(t), name))
	if err != nil {
		t.Fatal(err)
	}
	all, err := parseSteps(name, string(data), walk)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no step of the walk %q", name, walk)
	}
	return inOrder(all)
}

// inOrder lets a document show a file, and what happens on the wire, before it
// says how to get there. Files wait for the first lines that are run, which are so
// in an empty folder. Talks wait for a program that serves.
func inOrder(all []step) []step {
	wait := func(all []step, do, until string) []step {
		i := slices.IndexFunc(all, func(s step) bool { return s.do == until })
		if i < 0 {
			return all
		}
		var early, rest []step
		for _, s := range all[:i] {
			if s.do == do {
				early = append(early, s)
			} else {
				rest = append(rest, s)
			}
		}
		return slices.Concat(rest, all[i:i+1], early, all[i+1:])
	}
	return wait(wait(all, "file", "sh"), "talk", "serve")
}

func TestInOrder(t *testing.T) {
	var did []string
	for _, s := range inOrder([]step{{do: "file"}, {do: "talk"}, {do: "sh"}, {do: "says"}, {do: "serve"}, {do: "talk"}}) {
		did = append(did, s.do)
	}
	if want := []string{"sh", "file", "says", "serve", "talk", "talk"}; !slices.Equal(did, want) {
		t.Errorf("got %v, want %v", did, want)
	}
}

func parseSteps(name, text, walk string) ([]step, error) {
	var out []step
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		m := marker.FindStringSubmatch(lines[i])
		if m == nil {
			if strings.HasPrefix(lines[i], "<!-- user") {
				return nil, fmt.Errorf("%s:%d: not a step: %s", name, i+1, lines[i])
			}
			if strings.HasPrefix(lines[i], "```") { // a block nobody marked: skip its body
				for i++; i < len(lines) && lines[i] != "```"; i++ {
				}
			}
			continue
		}
		at := fmt.Sprintf("%s:%d", name, i+2)
		i++
		if i >= len(lines) || !strings.HasPrefix(lines[i], "```") {
			return nil, fmt.Errorf("%s: no fence after the marker", at)
		}
		first := i + 1
		for i++; i < len(lines) && lines[i] != "```"; i++ {
		}
		if i == len(lines) {
			return nil, fmt.Errorf("%s: the fence has no end", at)
		}
		if slices.Contains(strings.Split(m[1], ","), walk) {
			out = append(out, step{at, m[2], m[3], strings.Join(lines[first:i], "\n") + "\n"})
		}
	}
	return out, nil
}

func TestParseSteps(t *testing.T) {
	const text = "# T\n<!-- user a,b: sh -->\n```sh\ngo version\n```\n" +
		"```go\n<!-- user a: sh -->\n```\n<!-- user b: file x/y.go -->\n```go\npackage y\n\nvar a int\n```\n"
	a, err := parseSteps("T.md", text, "a")
	if want := []step{{"T.md:3", "sh", "", "go version\n"}}; err != nil || !slices.Equal(a, want) {
		t.Errorf("got %v %v, want %v", a, err, want)
	}
	b, err := parseSteps("T.md", text, "b")
	if want := []step{{"T.md:3", "sh", "", "go version\n"}, {"T.md:10", "file", "x/y.go", "package y\n\nvar a int\n"}}; err != nil || !slices.Equal(b, want) {
		t.Errorf("got %v %v, want %v", b, err, want)
	}
	for _, bad := range []string{"<!-- user a -->\n", "<!-- user a: sh -->\ntext\n", "<!-- user a: sh -->\n```sh\n"} {
		if _, err := parseSteps("T.md", bad, "a"); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}
