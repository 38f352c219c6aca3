package main

// go generate -skip 'mod=mod' ./... runs wsgen first, since the injector names
// what it generates. It passes over the line that wire writes into its own
// output, which the workspace refuses.

//go:generate go tool wsgen ./...
//go:generate go tool wire ./...
