package kinds

import "maps"

// Samples are data of each event in less usual forms, which generated code reads
// itself.
func Samples() map[string][]string {
	all := streamed()
	maps.Copy(all, map[string][]string{
		"scalars": {
			`{"String":null,"color":null,"bool":null,"Int":null,"Float32":null,"Duration":null,"Time":null,"Raw":null,"Bytes":null,"Point":null,"none":null,"inner":null}`,
			`{"Bytes":"","Hash":"aGFzaA==","Raw":[1 , 2],"Time":"2026-02-03T04:05:06.7+08:00","inner":{"A":1,"B":[{"C":"x"},{},null]},"none":{"x":1}}`,
			`{"String":"a\u00e4\n\ud83d\ude00","unknown":{"a":[1,{}]},"Int":-12,"Uint64":18446744073709551615,"float64":1.5e-7}`,
		},
		"quotes": {
			`{"int":"-5","level":"7","bool":"true","float32":"1.5","float64":"0","wait":"10","id":"9007199254740993","sure":"false","size":"3","rest":[1],"deep":1}`,
			`{"int":null,"bool":null,"float64":null,"id":null,"sure":null,"rest":null}`,
		},
		"pointers": {
			`{"string":null,"color":"a","int":1,"float":1.5,"time":null,"raw":null,"bytes":"aGk=","point":{},"deep":null,"slice":[],"array":[1],"map":{"a":null,"b":{}},"any":null}`,
			`{"point":{"x":1},"point":{"y":2},"map":{"a":{"x":1}},"map":{"b":{"x":2}},"int":1,"int":null,"array":[1,2],"array":[3]}`,
		},
		"slices": {
			`{"strings":[],"colors":null,"ints":[1,null,3],"path":[{},null,{"x":1}],"pointers":[null,{}],"deep":[[[1],[]],null,[]],"array":[{"x":1}],"vector":[1,2],"nothing":[],"grid":[[1],[1,2,3]],"voids":[{},null]}`,
			`{"array":[{"x":1},{"y":2}],"array":[{"y":3}],"grid":[[1,2,3]],"grid":null,"ints":null,"ints":[1]}`,
		},
		"maps": {
			`{"strings":{},"colors":null,"points":{"a":{"x":1},"a":{"y":2},"":{}},"strings":{"b":"c","a\u00e4":"d"},"deep":{"z":{"b":[1],"a":null},"a":null},"set":{"a":{}},"byNumber":{"3":"x","-1":"y"}}`,
			`{"strings":{"z":"1","a":"2","m":null,"Z":"3","ä":"4","\n":"5"},"ints":{"a":1},"ints":{"b":2}}`,
		},
		"empties": {
			`{"slice":[],"map":{},"bytes":"","raw":null,"pointer":{},"any":false}`,
		},
		"zeros": {
			`{"slice":[],"map":{},"raw":null,"even":1,"odd":{"N":2},"evens":2,"odds":{"N":4},"both":2,"any":0,"float":-0}`,
		},
		"embeds": {
			`{"id":"a","name":"b","depth":1,"bottom":[1],"note":"n","count":{"a":1},"inside":{"x":1},"Color":"c","Level":1,"at":{"x":1},"Once":"o","Twice":2}`,
			`{"note":null}`,
			`{"bottom":null}`,
			`{"Level":null,"id":null}`,
		},
		"foreign": {
			`{"id":"a","any":null,"number":1.50,"text":"t","quiet":[1],"loud":{"n":1},"louds":[],"ploud":null,"big":123456789012345678901234567890,"page":{"items":[{}]},"byInt":{"1":{}},"bytes":"AQI=","last":[{}]}`,
			`{"any":{"a":1},"any":[1],"byInt":{"1":{"x":1}},"byInt":{"2":{}},"louds":[{"N":1}],"louds":[{"N":2},{}],"page":{"items":[{"x":1}]},"page":{"items":[{"y":1}]}}`,
		},
		"names": {
			`{"int16":1,"Int16":2,"größe":"a","-":"b","a/b c:@#1":"c","k":"d","s":"e","Skipped":"f","_":1}`,
		},
		"tree": {
			`{"name":"a","kids":[{"name":"b","kids":[{}]},null],"next":{"next":{"next":null}},"byName":{"x":{"byName":{}},"y":null},"branch":{"trees":[{"branch":{}}],"any":[{}]}}`,
		},
		"rows": {
			`[]`,
			`[{},null,{"x":1.25,"name":"n"}]`,
		},
		"table": {
			`{}`,
			`{"a":[{}],"b":null,"a":[{"x":1}]}`,
		},
		"grid": {
			`[[1]]`,
			`[]`,
			`[null,[1,2,3]]`,
		},
		"maybe": {
			`{}`,
			`{"x":1}`,
		},
		"named": {
			`{"point":{"x":1},"list":["a"],"extra":{"a":[1]},"more":{"int":1},"on":true}`,
			`{"point":{},"list":[],"extra":1,"on":false,"unknown":[{}]}`,
			`{"point":{"x":1},"point":{"y":2},"list":["a",null],"extra":"x","more":null,"on":true}`,
		},
	})
	return all
}

// streamed are those of events that are answered by a stream.
func streamed() map[string][]string {
	return map[string][]string{
		"stream": {
			`[]`,
			`[{"strings":{"z":"1","a":"2"},"points":{"a":{"x":1}}},null,{"ints":{"a":1},"deep":{"z":{"b":[1]}}}]`,
		},
		"loose": {
			`[1,"a",null,{"b":[]}]`,
		},
		"failing": {
			`[{"String":"a","Int":1},{"Time":"2026-02-03T04:05:06.7+08:00"}]`,
			`[{"String":"a"},null,{"Int":1}]`,
		},
		"failing.loose": {
			`[1,{},null,2]`,
		},
		"sent": {
			`[{"id":"a","number":1.50,"text":"t","loud":{"n":1},"byInt":{"1":{}}},{},null]`,
		},
	}
}
