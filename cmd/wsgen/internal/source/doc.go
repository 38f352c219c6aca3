// Package source reads the user's Go: which packages of the module are
// annotated, their syntax with comments, and their types. It leaves out the files
// that wsgen generated, so a package is read the same whether these are missing,
// stale or broken.
package source
