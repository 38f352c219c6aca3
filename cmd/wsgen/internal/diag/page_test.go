package diag

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFindPage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"WS007", "ws007", "007", "7", " Ws7 "} {
		if p, ok := FindPage(name); !ok || p.Code != UnreadFile {
			t.Errorf("%q: got %q", name, p.Code)
		}
	}
	for _, name := range []string{"", "WS", "WS000", "WS0007", "W007", "seven", "../WS007"} {
		if p, ok := FindPage(name); ok {
			t.Errorf("%q: got %s", name, p.Code)
		}
	}
}

// TestPageIsPrinted checks that all of a page reaches the reader, in the terminal
// and in the reference.
func TestPageIsPrinted(t *testing.T) {
	t.Parallel()
	var reference bytes.Buffer
	if err := Reference(&reference); err != nil {
		t.Fatal(err)
	}
	for _, p := range Pages() {
		var b bytes.Buffer
		if err := Explain(&b, p, false); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s: colour without being asked", p.Code)
		}
		parts := []string{p.Title, p.Says}
		for _, f := range slices.Concat(p.Before, p.After) {
			parts = append(parts, f.Name, f.Text)
		}
		for _, part := range parts {
			if !strings.Contains(squeeze(b.String()), squeeze(part)) {
				t.Errorf("wsgen explain %s lacks:\n%s", p.Code, part)
			}
			if !strings.Contains(reference.String(), part) {
				t.Errorf("the reference of %s lacks:\n%s", p.Code, part)
			}
		}
		if !strings.Contains(squeeze(b.String()), squeeze(p.Text)) || !strings.Contains(reference.String(), "\n## "+string(p.Code)+"\n") {
			t.Errorf("%s: the text or the heading is lost", p.Code)
		}
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

var linked = regexp.MustCompile(`\[(WS\d{3})\]\(#(ws\d{3})\)`)

// TestPeers checks that the tables of other systems' refusals name codes that
// exist, and answer each refusal.
func TestPeers(t *testing.T) {
	t.Parallel()
	for _, m := range linked.FindAllStringSubmatch(peers, -1) {
		if _, ok := FindPage(m[1]); !ok || strings.ToLower(m[1]) != m[2] {
			t.Errorf("%s leads nowhere", m[0])
		}
	}
	snapshots, rest, _ := strings.Cut(peers, "What NestRS enforces")
	_, serverless, _ := strings.Cut(rest, "What server-less says")
	if n := rows(snapshots); n != 21 {
		t.Errorf("%d of 21 refusals of NestRS", n)
	}
	if n := rows(serverless); n != 10 {
		t.Errorf("%d of 10 refusals of server-less", n)
	}
	for line := range strings.Lines(peers) {
		cells := strings.Split(line, "|")
		if strings.HasPrefix(line, "| ") && strings.TrimSpace(cells[2]) != "wsgen" && !linked.MatchString(cells[2]) && !strings.HasSuffix(strings.TrimSpace(cells[2]), ".") {
			t.Errorf("neither code nor sentence: %s", line)
		}
	}
}

// rows counts the rows of a table, without its head.
func rows(s string) int { return strings.Count(s, "\n| ") - 1 }

func TestExplainFails(t *testing.T) {
	t.Parallel()
	p, _ := FindPage("WS022")
	if Explain(full{}, p, true) == nil || Index(full{}, true) == nil || Reference(full{}) == nil {
		t.Error("no error")
	}
}
