package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
)

// TestWritten: what is written is what is committed.
func TestWritten(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dashboard.json", "alerts.yml"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join("..", name)); err != nil || string(got) != string(want) {
			t.Errorf("%s is stale, %v: run make generate", name, err)
		}
	}
}

// TestWrongExpressions: the check finds what it is for.
func TestWrongExpressions(t *testing.T) {
	for text, want := range map[string]string{
		"sum(wsgen_connections":                                     "unclosed",
		"sum(wsgen_conections)":                                     "nothing is called wsgen_conections",
		"sum by (event) (wsgen_connections)":                        "nothing has the label event",
		`wsgen_pushes_total{code="ok"}`:                             "nothing has the label code",
		`wsgen_message_duration_seconds_bucket{le="1",event="say"}`: "",
	} {
		if err := expression("it", text); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestGrafanaFile: panels have their own ids and places, within the width, and
// queries name variables that there are.
func TestGrafanaFile(t *testing.T) {
	text, err := board.Grafana()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Templating struct {
			List []struct{ Name string }
		}
		Panels []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	known := []string{"__rate_interval"}
	for _, v := range d.Templating.List {
		known = append(known, v.Name)
	}
	for _, m := range regexp.MustCompile(`\$\{?(\w+)`).FindAllStringSubmatch(string(text), -1) {
		if name := m[1]; !slices.Contains(known, name) && name != "__all" {
			t.Errorf("there is no variable %s", name)
		}
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if x >= 24 || taken[[2]int{x, y}] != "" {
					t.Fatalf("%q is on %q, or beside the dashboard", p.Title, taken[[2]int{x, y}])
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if refs[q.RefID] || q.Expr == "" {
				t.Errorf("%q has two queries %s, or an empty one", p.Title, q.RefID)
			}
			refs[q.RefID] = true
		}
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("%q shows nothing", p.Title)
		}
	}
	if len(d.Panels) < 25 {
		t.Errorf("%d panels: the dashboard has lost some", len(d.Panels))
	}
}
