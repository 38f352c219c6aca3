package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/picture"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/scrape"
)

// pictures is set by make screenshot.
var pictures = flag.String("pictures", "", "a folder to write the pictures of the dashboard to")

// TestPicture draws the dashboard, and each section by itself, from the scrapes of
// half an hour. The expressions are the dashboard's own, evaluated by Prometheus's
// engine.
func TestPicture(t *testing.T) {
	scrapes, over := halfAnHour(t)
	over.To = over.To.Add(-90 * time.Second) // in the end the server shuts down
	draw := func(name string, places []board.Place) {
		svg, err := picture.Draw(places, over, func(expr string) ([]scrape.Line, error) {
			return scrapes.Eval(scrape.Grafana(expr, "1m"), over)
		})
		if err != nil {
			t.Fatal(err)
		}
		looksRight(t, name, svg, places)
		if *pictures == "" {
			return
		}
		if err := os.WriteFile(filepath.Join(*pictures, name), svg, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := board.Layout()
	draw("dashboard.svg", all)
	for _, s := range board.Sections() {
		of := slices.DeleteFunc(slices.Clone(all), func(p board.Place) bool { return p.Section != s.Title })
		draw("dashboard-"+strings.ReplaceAll(strings.ToLower(s.Title), " ", "-")+".svg", of)
	}
}

// looksRight checks that a picture is XML, has the title of each panel, and a curve
// of many points in each that has curves.
func looksRight(t *testing.T, name string, svg []byte, places []board.Place) {
	t.Helper()
	texts, curves := map[string]bool{}, 0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch token := token.(type) {
		case xml.CharData:
			texts[string(token)] = true
		case xml.StartElement:
			for _, a := range token.Attr {
				if a.Name.Local == "d" && strings.Count(a.Value, "L") > 20 {
					curves++
				}
			}
		}
	}
	panels := 0
	for _, p := range places {
		if p.Panel == nil {
			continue
		}
		if !texts[p.Panel.Title] {
			t.Errorf("%s has no %q", name, p.Panel.Title)
		}
		if p.Panel.Kind == board.Lines {
			panels++
		}
	}
	if curves < panels {
		t.Errorf("%s has %d curves in %d panels", name, curves, panels)
	}
	for _, wrong := range []string{"NaN", "Inf", "%!"} {
		if bytes.Contains(svg, []byte(wrong)) {
			t.Errorf("%s has a %s", name, wrong)
		}
	}
}
