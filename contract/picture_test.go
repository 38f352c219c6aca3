package contract_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// picture is where the README has an editor that completes its lines.
const picture = "../docs/img/completion.svg"

// cursor is where the picture has it: behind the first letter of the call.
const cursor = "chat.s"

// completion is what complete.mjs prints.
type completion struct {
	Begun     string
	Entries   []struct{ Name, Kind string }
	Signature string
	Comment   string `json:"documentation"`
}

// TestPicture: the README's picture of an editor shows what TypeScript's language
// service says of its lines and of the client that is generated of its gateway. With
// -update it is drawn.
func TestPicture(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	for _, d := range documents(t) {
		if d.name != "README" {
			continue
		}
		folder := d.write(t, n)
		for name, code := range d.typescript {
			before, _, found := strings.Cut(code, cursor)
			if !found {
				t.Fatalf("the README does not say %s", cursor)
			}
			before += cursor
			program, err := os.ReadFile("complete.mjs")
			if err != nil {
				t.Fatal(err)
			}
			n.write(t, "complete.mjs", string(program))
			n.write(t, filepath.Join(folder, name), before+"/*|*/\n")
			printed, err := n.run(n.exe, "complete.mjs", filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			var c completion
			if err := json.Unmarshal([]byte(printed), &c); err != nil {
				t.Fatal(err)
			}
			if len(c.Entries) < 3 || !strings.Contains(c.Signature, "Promise<number>") {
				t.Fatalf("completed: %s", printed)
			}
			compareFile(t, picture, draw(name, before, c))
		}
		return
	}
	t.Fatal("the README has no TypeScript")
}

// compareFile compares a committed file, or writes it.
func compareFile(t *testing.T, name, made string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	now, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(now) != made {
		t.Errorf("%s is stale: run make generate. It would be\n%s", name, made)
	}
}

// The measures of the picture, in units of SVG.
const (
	charWidth  = 8.4
	lineHeight = 21
	margin     = 18
	barHeight  = 34
	textWidth  = 92 * 84 / 10
)

// drawing is a picture that is being drawn.
type drawing struct{ strings.Builder }

// draw draws an editor that shows a file up to its cursor, and what is completed there.
func draw(name, code string, c completion) string {
	lines := strings.Split(code, "\n")
	width := textWidth + 2*margin
	top := barHeight + margin
	list := top + len(lines)*lineHeight + 6
	height := list + len(c.Entries)*lineHeight + 8 + 3*lineHeight + margin
	var d drawing
	fmt.Fprintf(&d, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">`+"\n", width, height, width, height)
	fmt.Fprintf(&d, "<title>An editor completes %s</title>\n", escaped(code[strings.LastIndex(code, "\n")+1:]))
	d.box(0, 0, width, height, "#1e2030", "#1e2030")
	for i, colour := range []string{"#ed8796", "#eed49f", "#a6da95"} {
		fmt.Fprintf(&d, `<circle cx="%d" cy="%d" r="5.5" fill="%s"/>`+"\n", margin+6+i*20, barHeight/2, colour)
	}
	d.text(float64(margin+80), barHeight/2+5, "#a5adcb", name)
	for i, line := range lines {
		d.code(margin, top+i*lineHeight+14, line)
	}
	last := lines[len(lines)-1]
	x := margin + float64(utf8.RuneCountInString(last))*charWidth
	fmt.Fprintf(&d, `<rect x="%.1f" y="%d" width="2" height="18" fill="#f4dbd6"/>`+"\n", x+1, list-lineHeight-4)
	d.popup(x-float64(len(c.Begun))*charWidth-30, list, c)
	d.WriteString("</svg>\n")
	return d.String()
}

// popup draws the names, of which the first is chosen, and below them what that is.
func (d *drawing) popup(x float64, y int, c completion) {
	longest := 0
	for _, e := range c.Entries {
		longest = max(longest, len(e.Name))
	}
	width := int(float64(longest)*charWidth) + 150
	d.box(int(x), y, width, len(c.Entries)*lineHeight+8, "#24273a", "#494d64")
	for i, e := range c.Entries {
		at := y + 4 + i*lineHeight
		if i == 0 {
			fmt.Fprintf(d, `<rect x="%d" y="%d" width="%d" height="%d" fill="#363a4f"/>`+"\n", int(x)+1, at, width-2, lineHeight)
		}
		d.text(x+8, at+15, "#8aadf4", map[string]string{"method": "ƒ", "getter": "◇", "property": "◇"}[e.Kind])
		d.text(x+30, at+15, "#f4dbd6", c.Begun)
		d.text(x+30+float64(len(c.Begun))*charWidth, at+15, "#cad3f5", strings.TrimPrefix(e.Name, c.Begun))
		d.text(x+float64(width-70), at+15, "#8087a2", e.Kind)
	}
	about := y + len(c.Entries)*lineHeight + 8
	signature := regexp.MustCompile(`^\(\w+\) `).ReplaceAllString(c.Signature, "")
	wide := int(float64(max(len(signature), len(c.Comment)))*charWidth) + 20
	left := min(int(x), textWidth+2*margin-wide-8)
	d.box(left, about, wide, 2*lineHeight+10, "#24273a", "#494d64")
	d.code(float64(left+10), about+18, signature)
	d.text(float64(left+10), about+18+lineHeight, "#a5adcb", c.Comment)
}

func (d *drawing) box(x, y, width, height int, fill, line string) {
	fmt.Fprintf(d, `<rect x="%d.5" y="%d.5" width="%d" height="%d" rx="5" fill="%s" stroke="%s"/>`+"\n", x, y, width-1, height-1, fill, line)
}

// text has the width that its letters have here, whatever font it is drawn with.
func (d *drawing) text(x float64, y int, colour, s string) {
	if n := utf8.RuneCountInString(s); n > 0 {
		fmt.Fprintf(d, `<text x="%.1f" y="%d" fill="%s" textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve">%s</text>`+"\n",
			x, y, colour, float64(n)*charWidth, escaped(s))
	}
}

var words = regexp.MustCompile(`(//.*)|("[^"]*")|\b(import|from|const|await|new|async)\b|([A-Z]\w*)|(\w+)\(|\w+|[^\w\s"/]+|\s+|.`)

// code draws a line in the colours of its words.
func (d *drawing) code(x float64, y int, line string) {
	colours := []string{"", "#8087a2", "#a6da95", "#c6a0f6", "#eed49f", "#8aadf4"}
	for _, m := range words.FindAllStringSubmatchIndex(line, -1) {
		colour := "#cad3f5"
		for i := 1; i < len(colours); i++ {
			if m[2*i] >= 0 {
				colour = colours[i]
			}
		}
		at := x + float64(utf8.RuneCountInString(line[:m[0]]))*charWidth
		if s := line[m[0]:m[1]]; strings.TrimSpace(s) != "" {
			d.text(at, y, colour, s)
		}
	}
}

func escaped(s string) string {
	var out strings.Builder
	if err := xml.EscapeText(&out, []byte(s)); err != nil {
		return "" // unreachable: a Builder takes all
	}
	return out.String()
}
