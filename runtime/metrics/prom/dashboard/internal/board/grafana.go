package board

import (
	"bytes"
	"encoding/json"
)

// The parts of a dashboard that Grafana reads, as version 10 and later have them.
type (
	grafana struct {
		Title         string         `json:"title"`
		UID           string         `json:"uid"`
		Description   string         `json:"description"`
		Tags          []string       `json:"tags"`
		SchemaVersion int            `json:"schemaVersion"`
		Editable      bool           `json:"editable"`
		GraphTooltip  int            `json:"graphTooltip"`
		Refresh       string         `json:"refresh"`
		Time          span           `json:"time"`
		Templating    templating     `json:"templating"`
		Panels        []grafanaPanel `json:"panels"`
	}
	list = []any
	span struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	templating struct {
		List []variable `json:"list"`
	}
	variable struct {
		Name       string  `json:"name"`
		Label      string  `json:"label"`
		Type       string  `json:"type"`
		Datasource *source `json:"datasource,omitempty"`
		Query      any     `json:"query"`
		Refresh    int     `json:"refresh"`
		Multi      bool    `json:"multi"`
		IncludeAll bool    `json:"includeAll"`
		AllValue   string  `json:"allValue,omitempty"`
		Current    *chosen `json:"current,omitempty"`
		Sort       int     `json:"sort"`
	}
	chosen struct {
		Text  string `json:"text"`
		Value string `json:"value"`
	}
	source struct {
		Type string `json:"type"`
		UID  string `json:"uid"`
	}
	query struct {
		Query string `json:"query"`
		RefID string `json:"refId"`
	}
	grafanaPanel struct {
		ID          int          `json:"id"`
		Type        string       `json:"type"`
		Title       string       `json:"title"`
		Description string       `json:"description,omitempty"`
		GridPos     place        `json:"gridPos"`
		Collapsed   *bool        `json:"collapsed,omitempty"` // of a row
		Panels      *list        `json:"panels,omitempty"`    // of a row
		Datasource  *source      `json:"datasource,omitempty"`
		Targets     []target     `json:"targets,omitempty"`
		FieldConfig *fieldConfig `json:"fieldConfig,omitempty"`
		Options     any          `json:"options,omitempty"`
	}
	place struct {
		H int `json:"h"`
		W int `json:"w"`
		X int `json:"x"`
		Y int `json:"y"`
	}
	target struct {
		RefID      string `json:"refId"`
		Datasource source `json:"datasource"`
		Expr       string `json:"expr"`
		Legend     string `json:"legendFormat,omitempty"`
		Range      bool   `json:"range"`
		Instant    bool   `json:"instant"`
	}
	fieldConfig struct {
		Defaults  defaults `json:"defaults"`
		Overrides list     `json:"overrides"`
	}
	defaults struct {
		Unit   Unit           `json:"unit"`
		Min    int            `json:"min"`
		Max    *int           `json:"max,omitempty"`
		Custom map[string]any `json:"custom,omitempty"`
		Steps  *thresholds    `json:"thresholds,omitempty"`
	}
	thresholds struct {
		Mode  string `json:"mode"`
		Steps []step `json:"steps"`
	}
	step struct {
		Color string   `json:"color"`
		Value *float64 `json:"value"`
	}
)

// columns is how wide a dashboard is.
const columns = 24

// Grafana returns the dashboard as Grafana imports it.
func Grafana() ([]byte, error) {
	d := grafana{
		Title:         "wsgen",
		UID:           "wsgen",
		Description:   "WebSocket gateways of wsgen, by github.com/wsgen/wsgen/runtime/metrics/prom.",
		Tags:          []string{"wsgen", "websocket"},
		SchemaVersion: 39,
		Editable:      true,
		GraphTooltip:  1, // one crosshair in all panels
		Refresh:       "30s",
		Time:          span{"now-1h", "now"},
		Templating:    templating{variables()},
	}
	for _, p := range Layout() {
		if p.Panel == nil {
			d.Panels = append(d.Panels, row(len(d.Panels)+1, p))
			continue
		}
		d.Panels = append(d.Panels, panel(len(d.Panels)+1, p))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}

// Place is where a panel, or the title of a section, is on the dashboard.
type Place struct {
	Section string
	Panel   *Panel // nil: it is the section's title
	X, Y    int
	W, H    int
}

// Layout returns the places of all panels, from left to right and down.
func Layout() []Place {
	var all []Place
	y := 0
	for _, s := range Sections() {
		all = append(all, Place{s.Title, nil, 0, y, columns, 1})
		y++
		x, tall := 0, 0
		for i := range s.Panels {
			p := &s.Panels[i]
			if x+p.Wide > columns {
				x, y, tall = 0, y+tall, 0
			}
			all = append(all, Place{s.Title, p, x, y, p.Wide, p.height()})
			x, tall = x+p.Wide, max(tall, p.height())
		}
		y += tall
	}
	return all
}

func row(id int, p Place) grafanaPanel {
	return grafanaPanel{ID: id, Type: "row", Title: p.Section, GridPos: place{p.H, p.W, p.X, p.Y}, Collapsed: new(bool), Panels: &list{}}
}

func panel(id int, at Place) grafanaPanel {
	p := at.Panel
	from := source{"prometheus", "${datasource}"}
	g := grafanaPanel{
		ID: id, Type: string(p.Kind), Title: p.Title, Description: p.Help, GridPos: place{at.H, at.W, at.X, at.Y}, Datasource: &from,
		FieldConfig: &fieldConfig{Defaults: defaults{Unit: p.Unit}, Overrides: list{}},
	}
	for i, q := range p.Queries {
		g.Targets = append(g.Targets, target{RefID: string(rune('A' + i)), Datasource: from, Expr: q.Expr, Legend: q.Legend, Range: true})
	}
	switch p.Kind {
	case Lines:
		g.FieldConfig.Defaults.Custom = map[string]any{"fillOpacity": 8, "lineWidth": 1, "showPoints": "never"}
		g.Options = map[string]any{
			"legend":  map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
		}
	case Gauge:
		g.FieldConfig.Defaults.Max = new(int)
		*g.FieldConfig.Defaults.Max = 1
		g.FieldConfig.Defaults.Steps = &thresholds{"absolute", []step{{"green", nil}, {"orange", number(p.Orange)}, {"red", number(p.Red)}}}
		g.Options = map[string]any{"reduceOptions": lastNumber()}
	case Number:
		g.Options = map[string]any{"reduceOptions": lastNumber(), "graphMode": "area", "colorMode": "none"}
	}
	return g
}

func number(f float64) *float64 { return &f }

func lastNumber() map[string]any {
	return map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
}

// variables are what a viewer chooses: where the metrics are, and which of them.
func variables() []variable {
	from := &source{"prometheus", "${datasource}"}
	values := func(name, label, metric string) variable {
		return variable{
			Name: name, Label: label, Type: "query", Datasource: from, Refresh: 2, Multi: true, IncludeAll: true, AllValue: ".*", Sort: 1,
			Query: query{"label_values(" + metric + ", " + name + ")", "Variables"}, Current: &chosen{"All", "$__all"},
		}
	}
	return []variable{
		{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus", Refresh: 1},
		values("job", "Job", scope{}.selector("server_connections")),
		values("gateway", "Gateway", scope{job: `job=~"$job"`}.selector("connections")),
	}
}
