// Package scaffold holds the files that wsgen new and wsgen init write, as
// text/template sources. They are executed with a Data of package
// cmd/wsgen/internal/scaffold.
package scaffold

import "embed"

// Files has two folders: gateway is a first gateway, and project has the other
// files of a program around it.
//
//go:embed gateway project
var Files embed.FS
