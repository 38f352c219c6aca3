// Package source reads the user's Go: which packages of the module are
// annotated, their syntax with comments, and their types. What wsgen itself
// generated is left out by name, so a package is read the same whether its
// generated files are missing, stale or broken.
package source
