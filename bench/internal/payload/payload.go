// Package payload has three payloads as real programs send them: telemetry of a
// device, an order of a shop, and a page of a chat's history. They are those of the
// runtime's own tests, which another module cannot import. It has no codecs.
package payload

import (
	"encoding/json"
	"time"
)

// Telemetry is what a device reports: about 1 100 bytes of JSON.
type Telemetry struct {
	Device    Device            `json:"device"`
	Labels    map[string]string `json:"labels,omitempty"`
	At        time.Time         `json:"at"`
	Booted    time.Time         `json:"booted"`
	Uptime    time.Duration     `json:"uptime"`
	Level     Level             `json:"level"`
	Battery   *float64          `json:"battery,omitempty"`
	Note      *string           `json:"note"`
	Readings  []Reading         `json:"readings"`
	Signature []byte            `json:"signature"`
	Position  [3]float64        `json:"position"`
}

// Device says who reports.
type Device struct {
	ID       string `json:"id"`
	Model    string `json:"model"`
	Firmware string `json:"firmware,omitempty"`
	Serial   uint64 `json:"serial"`
}

// Level says how urgent a report is.
type Level uint8

// Unit is the unit of a value.
type Unit string

// Reading is one value of a sensor.
type Reading struct {
	At     time.Time `json:"at"`
	Sensor string    `json:"sensor"`
	Value  float64   `json:"value"`
	Unit   Unit      `json:"unit"`
	Stale  bool      `json:"stale,omitempty"`
}

// Order is what somebody bought: about 1 400 bytes of JSON. It has parts that
// only encoding/json knows: Payment and Extra.
type Order struct {
	Audit

	ID       string          `json:"id"`
	Customer Customer        `json:"customer"`
	Items    []Item          `json:"items"`
	Shipping *Address        `json:"shipping,omitempty"`
	Gift     *Address        `json:"gift"`
	Payment  json.RawMessage `json:"payment"`
	Extra    any             `json:"extra,omitempty"`
	Total    Money           `json:"total"`
	Paid     bool            `json:"paid"`
}

// Audit says when something changed. It is embedded.
type Audit struct {
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	By      string    `json:"by,omitempty"`
}

// Customer is who ordered.
type Customer struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Tags  []string `json:"tags"`
}

// Item is a line of an order.
type Item struct {
	SKU      string            `json:"sku"`
	Title    string            `json:"title"`
	Quantity int32             `json:"quantity"`
	Price    Money             `json:"price"`
	Options  map[string]string `json:"options,omitempty"`
	Discount *Money            `json:"discount,omitempty"`
}

// Money is an amount in the smallest unit of its currency.
type Money struct {
	Amount   int64    `json:"amount"`
	Currency Currency `json:"currency"`
}

// Currency is a code of ISO 4217.
type Currency string

// Address is where something is sent to.
type Address struct {
	Street  string `json:"street"`
	City    string `json:"city"`
	Zip     string `json:"zip"`
	Country string `json:"country"`
}

// Page is a part of a chat's history: about 22 000 bytes of JSON. A fifth of the
// texts have escapes, and a fifth have letters beyond ASCII.
type Page struct {
	Room     string    `json:"room"`
	Messages []Message `json:"messages"`
	Next     string    `json:"next,omitempty"`
	Total    int       `json:"total"`
}

// Message is one of a Page.
type Message struct {
	ID     uint64         `json:"id"`
	Author Author         `json:"author"`
	Text   string         `json:"text"`
	At     time.Time      `json:"at"`
	Edited *time.Time     `json:"edited,omitempty"`
	Tags   []string       `json:"tags,omitempty"`
	Likes  map[string]int `json:"likes,omitempty"`
}

// Author is who wrote a Message.
type Author struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}
