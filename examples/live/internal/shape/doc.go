// Package shape tests wsgen on a project of the shape that real ones have: the
// one in testdata/desk. It has tests only.
package shape
