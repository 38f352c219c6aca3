package payload

import (
	"encoding/json"
	"fmt"
	"time"
)

// start is the time that the samples begin at.
func start() time.Time { return time.Date(2026, time.March, 14, 9, 26, 53, 589e6, time.UTC) }

// NewTelemetry returns a sample. No two calls share memory.
func NewTelemetry() Telemetry {
	battery, note := 0.87, "moved to the north hall"
	t := Telemetry{
		Device:    Device{ID: "sensor-4711", Model: "TH-200", Firmware: "2.14.3", Serial: 9007199254740993},
		Labels:    map[string]string{"site": "berlin-2", "floor": "3", "team": "facilities"},
		At:        start(),
		Booted:    start().Add(-72 * time.Hour),
		Uptime:    72*time.Hour + 125*time.Millisecond,
		Level:     2,
		Battery:   &battery,
		Note:      &note,
		Signature: []byte("\x00\x01\x02not a real signature, but as long\xfe\xff"),
		Position:  [3]float64{52.520008, 13.404954, 34.5},
	}
	for i, sensor := range []string{"temp-1", "temp-2", "hum-1", "hum-2", "co2-1", "lux-1", "volt-1", "noise-1"} {
		t.Readings = append(t.Readings, Reading{
			At:     start().Add(time.Duration(i) * 250 * time.Millisecond),
			Sensor: sensor,
			Value:  []float64{21.5, 21.75, 40.25, 39.125, 612, 318.7, 3.303, 38.42}[i],
			Unit:   []Unit{"C", "C", "%", "%", "ppm", "lx", "V", "dB"}[i],
			Stale:  i == 5,
		})
	}
	return t
}

// NewOrder returns a sample. No two calls share memory.
func NewOrder() Order {
	o := Order{
		Audit:    Audit{Created: start(), Updated: start().Add(42 * time.Minute), By: "checkout"},
		ID:       "ord_01HV7Z3K9QW8",
		Customer: Customer{ID: 889123, Name: "Ada Lovelace", Email: "ada@example.com", Tags: []string{"b2c", "newsletter"}},
		Shipping: &Address{Street: "12 St James's Square", City: "London", Zip: "SW1Y 4JH", Country: "GB"},
		Payment:  json.RawMessage(`{"method":"card","last4":"4242","3ds":true,"auth":{"code":"A19-77","at":1773480413}}`),
		Extra:    map[string]any{"campaign": "spring", "score": 0.75, "flags": []any{"new", true, nil}},
		Paid:     true,
	}
	for i, title := range []string{"Notebook, ruled", "Pencil HB", "Eraser", "Desk lamp", "Ink, black", "Paper A4"} {
		price := Money{Amount: int64(1999 + 350*i), Currency: "EUR"}
		item := Item{SKU: fmt.Sprintf("SKU-%04d", 1000+37*i), Title: title, Quantity: int32(i%3 + 1), Price: price}
		if i%2 == 0 {
			item.Options = map[string]string{"colour": "black", "gift wrap": "no", "size": "M"}
		}
		if i%3 == 2 {
			item.Discount = &Money{Amount: 200, Currency: "EUR"}
		}
		o.Items = append(o.Items, item)
		o.Total = Money{Amount: o.Total.Amount + int64(item.Quantity)*price.Amount, Currency: "EUR"}
	}
	return o
}

// NewPage returns a sample. No two calls share memory.
func NewPage() Page {
	p := Page{Room: "lobby", Next: "c2Vjb25kIHBhZ2U=", Total: 1832}
	for i := range 100 {
		m := Message{
			ID:     uint64(7_000_000_000 + i),
			Author: Author{ID: fmt.Sprintf("u-%03d", i%7), Name: []string{"ada", "bob", "carla", "dmitri", "eve", "faruk", "gül"}[i%7]},
			Text:   text(i),
			At:     start().Add(time.Duration(i) * 17 * time.Second),
		}
		if i%10 == 3 {
			edited := m.At.Add(time.Minute)
			m.Edited = &edited
		}
		if i%2 == 0 {
			m.Tags = []string{"question", "release"}[:1+i%4/2]
		}
		if i%3 == 0 {
			m.Likes = map[string]int{"heart": i%5 + 1, "thumbs up": 2}
		}
		p.Messages = append(p.Messages, m)
	}
	return p
}

// text returns what the author of a page's message i says.
func text(i int) string {
	switch i % 5 {
	case 1:
		return "He said \"no\", and then:\n\n\tgo test ./...\n\nwhich took a while, as it always does."
	case 3:
		return "Größe und Länge prüfen wir später, heute geht’s um die Übergänge – ça va? 日本語も大丈夫です。"
	}
	return "I would rather have a look at the whole thing first, since nobody has touched it for a year."
}
