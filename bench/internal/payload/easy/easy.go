// Package easy has the payloads with codecs that easyjson generates, for the row
// codecs, which measures wsgen's beside them.
package easy

import "github.com/wsgen/wsgen/bench/internal/payload"

// Without methods of encoding/json, which would otherwise have easyjson do its work.
//go:generate go tool easyjson -no_std_marshalers easy.go

// Telemetry is what a device reports.
//
//easyjson:json
type Telemetry payload.Telemetry

// Order is what somebody bought.
//
//easyjson:json
type Order payload.Order

// Page is a part of a chat's history.
//
//easyjson:json
type Page payload.Page
