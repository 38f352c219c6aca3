package diag

import "strings"

// room is how many columns a line of help has.
const room = width - len("   help: ")

// Paste is help with code that a user can paste as it stands: behind lead if it
// fits on the line, else below an empty line, where printers leave it as it is.
// What the code needs the file to import stands above it.
//
// There is no placeholder in code: it compiles where lead says that it goes, or
// it is not printed.
func Paste(lead, code string, imports ...string) string {
	if len(imports) == 0 && !strings.Contains(code, "\n") && fits(lead+": "+code) {
		return lead + ": " + code
	}
	if len(imports) > 0 {
		code = strings.Join(imports, "\n") + "\n\n" + code
	}
	return lead + ":\n\n" + code
}

// Instead is help to write code in the place that a mistake is at: "take T".
func Instead(verb, code string) string {
	if fits(verb + " " + code) {
		return verb + " " + code
	}
	return verb + ":\n\n" + code
}

// Meant is help that asks whether code was meant.
func Meant(code string) string {
	if text := "did you mean " + code + "?"; fits(text) {
		return text
	}
	return "did you mean this:\n\n" + code
}

func fits(text string) bool { return len([]rune(text)) <= room }
