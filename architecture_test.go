package wsgen_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const architecture = "docs/architecture.md"

var listed = regexp.MustCompile("(?m)^- \\[`((?:runtime|cmd)[\\w/]*)`\\]\\(\\.\\./([\\w/]+)\\) (.+)$")

// TestArchitectureListsPackages checks that the page has every package of the two
// halves, once, with one sentence, behind those that it imports.
func TestArchitectureListsPackages(t *testing.T) {
	place := map[string]int{}
	for i, m := range listed.FindAllStringSubmatch(text(t, architecture), -1) {
		name, link, sentence := m[1], m[2], m[3]
		if _, twice := place[name]; twice || link != name {
			t.Errorf("%s is listed twice, or linked to %s", name, link)
		}
		if !oneSentence(sentence) {
			t.Errorf("%s has not one sentence: %s", name, sentence)
		}
		place[name] = i
	}
	all := written(repository(t, "."))
	packages := map[string]bool{}
	for _, s := range all {
		if !within(s.dir, "runtime") && !within(s.dir, "cmd") {
			continue
		}
		packages[s.dir] = true
		here, is := place[s.dir]
		for p := range s.imports() {
			if there, ours := place[p]; is && ours && there > here {
				t.Errorf("%s stands before %s, which %s imports", s.dir, p, s.path)
			}
		}
	}
	for p := range packages {
		if _, is := place[p]; !is {
			t.Errorf("%s does not list the package %s", architecture, p)
		}
	}
	for p := range place {
		if !packages[p] {
			t.Errorf("%s lists %s, and there is no such package", architecture, p)
		}
	}
}

// TestArchitectureNamesFiles checks that the files which the page names are there.
func TestArchitectureNamesFiles(t *testing.T) {
	named := regexp.MustCompile("`([\\w./-]+\\.(?:go|sh|ts|tmpl))`").FindAllStringSubmatch(text(t, architecture), -1)
	if len(named) < 20 {
		t.Errorf("%d files: the page has lost its tables", len(named))
	}
	for _, m := range named {
		if generated := []string{"ws_gen.go", "ws_gen_test.go", "ws_wire_gen.go", "ws_client_gen.go"}; slices.Contains(generated, m[1]) {
			continue
		}
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("%s names %s: %v", architecture, m[1], err)
		}
	}
}

// TestChangesBeginInFewFiles checks that each change of the table begins in three
// files at most, and two of the ten in four. If a change needs more, the layout is
// to blame, and not the table.
func TestChangesBeginInFewFiles(t *testing.T) {
	rows := tableUnder(t, text(t, architecture), "what is to change | files")
	if len(rows) != 10 {
		t.Errorf("%d rows, and not 10", len(rows))
	}
	const most, longer = 3, 2 // files of a row, and rows that may have one more
	var long []string
	for _, row := range rows {
		files := strings.Split(row[1], ", ")
		if len(files) > most {
			long = append(long, row[0])
		}
		if !oneSentence(row[0]) || len(files) > most+1 {
			t.Errorf("this row is no sentence, or has too many files: %s | %s", row[0], row[1])
		}
		for _, file := range files {
			if info, err := os.Stat(strings.Trim(file, "`")); err != nil || info.IsDir() {
				t.Errorf("%s: %s is no file", row[0], file)
			}
		}
	}
	if len(long) > longer {
		t.Errorf("%d rows have more than %d files, and %d may: %q", len(long), most, longer, long)
	}
}

// TestGlossary checks that the words stand in their order, that each has one line,
// and that the code or another page uses it.
func TestGlossary(t *testing.T) {
	var used strings.Builder
	for _, s := range written(repository(t, ".")) {
		if within(s.dir, "runtime") || within(s.dir, "cmd") {
			used.Write(s.text)
		}
	}
	for _, name := range documents(t) {
		if name != architecture {
			used.WriteString(text(t, name))
		}
	}
	words := tableUnder(t, text(t, architecture), "word | meaning")
	if len(words) < 12 {
		t.Errorf("%d words: the glossary has lost some", len(words))
	}
	for i, row := range words {
		word, meaning := row[0], row[1]
		if i > 0 && words[i-1][0] >= word {
			t.Errorf("%s does not stand behind %s", word, words[i-1][0])
		}
		if !oneSentence(meaning) {
			t.Errorf("%s has not one sentence: %s", word, meaning)
		}
		if !regexp.MustCompile(`(?i)\b` + word).MatchString(used.String()) {
			t.Errorf("nothing uses the word %s", word)
		}
	}
}

// oneSentence reports whether a text is a single sentence.
func oneSentence(s string) bool {
	return strings.HasSuffix(s, ".") && !strings.Contains(s, ". ")
}

// tableUnder returns the rows of the table with this head, cell by cell.
func tableUnder(t *testing.T, page, head string) (rows [][]string) {
	t.Helper()
	_, table, found := strings.Cut(page, "\n| "+head+" |\n|")
	if !found {
		t.Fatalf("there is no table %q", head)
	}
	_, table, _ = strings.Cut(table, "\n")
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") {
			break
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}

// ---- decisions

var decision = regexp.MustCompile(`^docs/adr/(\d{4})-[a-z0-9-]+\.md$`)

var (
	decisionTitle  = regexp.MustCompile(`^# (\d+)\. \S`)
	decisionStatus = regexp.MustCompile(`^(Proposed|Accepted|Rejected|Superseded by \[\d+\]\(\d{4}-[a-z0-9-]+\.md\))$`)
	decisionDate   = regexp.MustCompile(`^20\d\d-[01]\d-[0-3]\d(, amended 20\d\d-[01]\d-[0-3]\d: .+)?$`)
)

// TestDecisionsHaveOneForm checks that each decision has its number, and the same
// sections in the same order, so that a reader knows where to look.
func TestDecisionsHaveOneForm(t *testing.T) {
	entries, err := os.ReadDir("docs/adr")
	if err != nil || len(entries) < 12 {
		t.Fatalf("%d decisions, %v", len(entries), err)
	}
	for i, entry := range entries {
		name := path.Join("docs/adr", entry.Name())
		for _, fault := range malformed(name, i+1, text(t, name)) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// malformed returns what is wrong with the form of a decision.
func malformed(name string, number int, body string) (faults []string) {
	title := decisionTitle.FindStringSubmatch(body)
	file := decision.FindStringSubmatch(name)
	if title == nil || file == nil || strings.TrimLeft(file[1], "0") != title[1] || title[1] != strconv.Itoa(number) {
		faults = append(faults, "its name and its title have not the next number")
	}
	want := []string{"Status", "Date", "Context", "Decision", "Alternatives", "Consequences"}
	var have []string
	sections := map[string]string{}
	for i, part := range strings.Split(body, "\n## ") {
		heading, rest, _ := strings.Cut(part, "\n")
		if i > 0 {
			have = append(have, heading)
			sections[heading] = strings.TrimSpace(rest)
		}
	}
	if !slices.Equal(have, want) {
		return append(faults, "its sections are "+strings.Join(have, ", ")+", and not "+strings.Join(want, ", "))
	}
	for _, heading := range want {
		if sections[heading] == "" {
			faults = append(faults, heading+" is empty")
		}
	}
	if !decisionStatus.MatchString(sections["Status"]) {
		faults = append(faults, "there is no status "+sections["Status"])
	}
	if !decisionDate.MatchString(sections["Date"]) {
		faults = append(faults, "this is no date: "+sections["Date"])
	}
	return faults
}

func TestMalformed(t *testing.T) {
	const sound = "# 7. A\n\n## Status\n\nAccepted\n\n## Date\n\n2026-01-02\n\n## Context\n\na\n\n## Decision\n\nb\n\n## Alternatives\n\nc\n\n## Consequences\n\nd\n"
	const name = "docs/adr/0007-a.md"
	if faults := malformed(name, 7, sound); len(faults) > 0 {
		t.Errorf("a sound decision: %q", faults)
	}
	for from, to := range map[string]string{
		"# 7. A":           "# 8. A",
		"## Status":        "## State",
		"Accepted":         "accepted by all",
		"2026-01-02":       "last winter",
		"## Context":       "## Why",
		"\nc\n":            "\n",
		"\n## Date":        "\n## Context\n\nx\n\n## Date",
		"## Consequences":  "## What it costs",
		"## Alternatives":  "### Alternatives",
		"Accepted\n\n## D": "Superseded by 9\n\n## D",
	} {
		if faults := malformed(name, 7, strings.Replace(sound, from, to, 1)); len(faults) == 0 {
			t.Errorf("%q instead of %q passes", to, from)
		}
	}
	if len(malformed(name, 8, sound)) == 0 || len(malformed("docs/adr/7.md", 7, sound)) == 0 {
		t.Error("a number that is not the next passes")
	}
}
