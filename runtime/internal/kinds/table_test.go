package kinds

import "strings"

// kinds are all types with their generated functions.
func kinds() []kind {
	return []kind{
		of("telemetry", wsReadPayloadTelemetry, wsWritePayloadTelemetry),
		of("order", wsReadPayloadOrder, wsWritePayloadOrder),
		of("page", wsReadPayloadPage, wsWritePayloadPage),
		of("scalars", wsReadScalars, wsWriteScalars),
		of("quotes", wsReadQuotes, wsWriteQuotes),
		of("pointers", wsReadPointers, wsWritePointers),
		of("slices", wsReadSlices, wsWriteSlices),
		of("maps", wsReadMaps, wsWriteMaps),
		of("empties", wsReadEmpties, wsWriteEmpties),
		of("zeros", wsReadZeros, wsWriteZeros),
		of("embeds", wsReadEmbeds, wsWriteEmbeds),
		of("foreign", wsReadForeign, wsWriteForeign),
		of("names", wsReadNames, wsWriteNames),
		of("tree", wsReadTree, wsWriteTree),
		of("rows", wsReadPoints, wsWritePoints),
		of("table", wsReadTable, wsWriteTable),
		of("grid", wsReadGrid, wsWriteGrid),
		of("maybe", wsReadPointPtr, wsWritePointPtr),
	}
}

// odd is data that a reader may take for something else, with the name in it.
func odd(name string) []string {
	var all []string
	for _, value := range strings.Fields(`null true false 0 -1 1.5 "" "x" [] {} [null] [1,2,3,4,5] {"a":1} "null" "true" "1" 1e400 [[]] [{}] {"a":{"a":1}} "AQ" nul tru "\ud800" [1,] {"a"}`) {
		all = append(all, value)
		for _, member := range members()[name] {
			upper := strings.ToUpper(member)
			all = append(all,
				`{"`+member+`":`+value+`}`,
				`{"`+upper+`":`+value+`}`,
				`{"`+member+`":`+value+`,"`+upper+`":`+value+`}`,
				`{"`+member+`":`+value+`,"`+member+`":null}`,
				`{"`+member+`":`+value+`,"`+member+`":`+value+`}`,
				`{"x":`+value+`,"`+member+`" : `+value+` , "y":[`+value+`]}`,
			)
		}
	}
	return append(all, `{"k":1,"K":2}`, "{\"\u212a\":\"kelvin\"}", "{\"\u017f\":\"long s\"}", `{"gr\u00f6ße":"x"}`, `{"GRÖSSE":"x"}`, `{"`+strings.Repeat("a", 1000)+`":1}`,
		`{"kids":`+strings.Repeat(`[{"kids":`, 200)+`[]`+strings.Repeat(`}]`, 200)+`}`,
		`{"any":`+strings.Repeat(`[`, 9990)+strings.Repeat(`]`, 9990)+`}`, `{"any":`+strings.Repeat(`[`, 10000)+strings.Repeat(`]`, 10000)+`}`)
}

// members are the names of members of each kind that has some.
func members() map[string][]string {
	all := map[string]string{
		"scalars":  "String color bool Switch Int Int8 Level Byte Uint64 Float32 float64 Duration Time Raw Bytes Hash Point none inner",
		"quotes":   "int level bool float32 float64 wait id sure size rest deep",
		"pointers": "string color int float time raw bytes point deep slice array map any",
		"slices":   "strings colors ints levels floats bools times raws blobs path pointers deep maps any array vector nothing grid lists grids voids",
		"maps":     "strings colors ints points pointers table deep blobs times raws grids set any byNumber byLevel byText quiet loud",
		"empties":  "string bool int time raw bytes slice map pointer point array nothing any quiet numbers last",
		"zeros":    "first string float time raw slice map pointer point array any even odd evens odds both",
		"embeds":   "id name depth bottom note count inside Color Level at Once Twice Other",
		"foreign":  "id any number text quiet loud louds ploud big url address page byInt bytes last",
		"names":    "int16 Int16 größe - k s Plain Skipped _",
		"tree":     "name kids next byName branch",
		"order":    "id customer items shipping gift payment extra total paid created by",
		"maybe":    "x y name",
	}
	words := map[string][]string{}
	for name, list := range all {
		words[name] = strings.Fields(list)
	}
	return words
}
