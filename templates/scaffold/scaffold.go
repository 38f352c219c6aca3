// Package scaffold holds the files that wsgen new and wsgen init write, as
// text/template sources. What may be said in them is package
// cmd/wsgen/internal/scaffold's Data.
package scaffold

import "embed"

// Files has the folder gateway, a first gateway, and the folder project, what
// a program around it needs besides.
//
//go:embed gateway project
var Files embed.FS
