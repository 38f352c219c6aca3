package tsclient

import (
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"":              `""`,
		"a<b>&c":        `"a<b>&c"`,
		"it's":          `"it's"`,
		`"a"`:           `'"a"'`,
		`it's "it"`:     `'it\'s "it"'`,
		`'"`:            `"'\""`,
		"a\\\"b\n":      `'a\\"b\n'`,
		"\u2028\u00e4/": `"\u2028ä/"`,
	} {
		if got := quote(s); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

func TestComments(t *testing.T) {
	for _, c := range []struct {
		comment
		want string
	}{
		{comment{}, ""},
		{comment{Doc: model.Doc{Text: "One line."}}, "  /** One line. */\n"},
		{comment{Doc: model.Doc{Text: "When."}, note: "date-time"}, "  /** When. (date-time) */\n"},
		{comment{note: "base64"}, "  /** (base64) */\n"},
		{comment{Doc: model.Doc{Deprecated: "use [Other]."}}, "  /** @deprecated use Other. */\n"},
		{comment{Doc: model.Doc{Text: "a */ b"}}, "  /** a *\\/ b */\n"},
		{comment{Doc: model.Doc{Text: "[A.B] and [*C], a[i], [1], ([d])"}}, "  /** A.B and *C, a[i], [1], (d) */\n"},
		{comment{Doc: model.Doc{Text: "@private\n  @type {number} @x,a@b.c `@d`\n@deprecated no @param, @deprecated"}}, "  /**\n   * \\@private\n   *   \\@type {number} \\@x,a@b.c `@d`\n   * @deprecated no \\@param, \\@deprecated\n   */\n"},
		{comment{Doc: model.Doc{Text: "{@link A} (@b) *@c @"}}, "  /** {\\@link A} (\\@b) *\\@c \\@ */\n"},
		{comment{Doc: model.Doc{Deprecated: "@returns {string}"}}, "  /** @deprecated \\@returns {string} */\n"},
		{comment{Doc: model.Doc{Text: "One.\n\nTwo.", Deprecated: "no"}}, "  /**\n   * One.\n   *\n   * Two.\n   *\n   * @deprecated no\n   */\n"},
	} {
		f := &file{}
		f.comment(1, c.comment)
		if got := f.text.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestOneLine checks that a comment behind a tag begins no other.
func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"@deprecated no":       `\@deprecated no`,
		"One.\n@deprecated no": `One. \@deprecated no`,
		"to a@b.c":             "to a@b.c",
	} {
		if got := (comment{Doc: model.Doc{Text: text}}).oneLine(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	path := []model.Segment{{Text: "/a`b/${c}\\/"}, {Wildcard: "room"}, {Text: "/"}, {Wildcard: "rest", Rest: true}}
	want := "`/a\\`b/\\${c}\\\\/${encodeURIComponent(path.room) || \".\"}/${path.rest.split(\"/\").map(encodeURIComponent).join(\"/\")}`"
	if got := template(path); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
