// Package tsclient holds the part of a TypeScript client that is the same in every
// generated file, and the same in JavaScript.
package tsclient

import _ "embed"

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
