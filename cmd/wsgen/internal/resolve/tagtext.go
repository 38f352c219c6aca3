package resolve

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// pair is one key and its value in a struct tag.
type pair struct{ key, value string }

// pairs reads a struct tag as package reflect does, and stops where that does.
func pairs(tag string) (all []pair, rest string) {
	for {
		tag = strings.TrimLeft(tag, " ")
		key, after, ok := strings.Cut(tag, ":")
		if !ok || key == "" || strings.ContainsAny(key, " \"") {
			return all, tag
		}
		quoted, err := strconv.QuotedPrefix(after)
		if err != nil || quoted[0] != '"' {
			return all, tag
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return all, tag
		}
		all = append(all, pair{key, value})
		tag = after[len(quoted):]
	}
}

// withJSON writes a tag with value for the key json, and whatever else it has.
func withJSON(tag, value string) string { return withKey(tag, "json", value) }

func withKey(tag, key, value string) string {
	all, _ := pairs(tag)
	found := false
	for i := range all {
		if all[i].key == key {
			all[i].value, found = value, true
		}
	}
	if !found {
		all = append([]pair{{key, value}}, all...)
	}
	return writeTag(all)
}

// writeTag writes a tag as it stands in a file.
func writeTag(all []pair) string {
	var parts []string
	for _, p := range all {
		parts = append(parts, p.key+":"+strconv.Quote(p.value))
	}
	text := strings.Join(parts, " ")
	if strings.Contains(text, "`") {
		return strconv.Quote(text)
	}
	return "`" + text + "`"
}

// loose is a key with a value in a tag that package reflect cannot read: with
// spaces around the colon, or without quotes.
var loose = regexp.MustCompile(`([A-Za-z_][\w.-]*)\s*:\s*("[^"]*"?|[^\s"]+)`)

// repaired is the help for a tag that encoding/json does not understand: the
// tag that it was meant to be, all of it.
func repaired(tag, name string) string {
	all, rest := pairs(tag)
	for i := range all {
		if strings.EqualFold(all[i].key, "json") {
			all[i].key = "json"
		}
	}
	for _, m := range loose.FindAllStringSubmatch(rest, -1) {
		key, value := m[1], strings.Trim(m[2], `"',;`)
		if strings.EqualFold(key, "json") {
			key = "json"
		}
		all = append(all, pair{key, value})
	}
	for _, p := range all {
		if p.key == "json" {
			return diag.Paste("write it as", writeTag(all))
		}
	}
	return diag.Paste("write it as", writeTag(append([]pair{{"json", name}}, all...)))
}
