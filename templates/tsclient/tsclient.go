// Package tsclient holds the part of a TypeScript client that is the same in every
// generated file, and the same in JavaScript.
package tsclient

import (
	_ "embed"
	"strings"
)

// Common is that part: what a class of a gateway extends, and what travels with it. It
// uses the type WsErrorCode, which the file behind it declares. It is formatted as
// prettier does with --print-width 120.
//
//go:embed wsgen.ts
var Common string

// Script is Common in JavaScript, with the types of what a user sees in comments. It
// is made of wsgen.ts by contract/script.mjs (make generate).
//
//go:embed wsgen.js
var Script string

// The lines of Common and Script between which there is what is for histories.
const (
	keptBegins = "// wsgen: if something is kept"
	keptEnds   = "// wsgen: end"
)

// Part returns Common or Script as a file has it whose gateways keep pushes, or keep
// none: then it has nothing for histories, which is a sixteenth of what a page loads.
func Part(text string, kept bool) string {
	var part strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case keptBegins:
			inside = true
		case keptEnds:
			inside = false
		default:
			if kept || !inside {
				part.WriteString(line)
			}
		}
	}
	return part.String()
}
