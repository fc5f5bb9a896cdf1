package assaytoml

// Schema is a JSON Schema of the operator's file, for editors.
func Schema() map[string]any {
	values, own := properties(Keys), properties(Keys)
	own["setup"] = table("The same as [setup], for the app of that name.", SetupKeys[1:])
	top := map[string]any{
		"setup": table("Answers to what assay setup asks.", SetupKeys),
		"deployment": map[string]any{
			"type": "object", "description": "The same for one deployment alone, by its name.",
			"additionalProperties": map[string]any{"type": "object", "properties": own, "additionalProperties": false},
		},
		"waive": map[string]any{
			"type": "array", "description": "Findings that are accepted until a day.",
			"items": map[string]any{"type": "object", "properties": properties(waiverKeys), "required": names(waiverKeys), "additionalProperties": false},
		},
	}
	for name, v := range values {
		top[name] = v
	}
	return map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:assay:config:1", "title": "assay.toml",
		"description": "What no tool can see from the host itself. It describes, and never commands.",
		"type":        "object", "properties": top, "additionalProperties": false,
	}
}

func table(says string, keys []Key) map[string]any {
	return map[string]any{"type": "object", "description": says, "properties": properties(keys), "additionalProperties": false}
}

func properties(keys []Key) map[string]any {
	out := map[string]any{}
	for _, k := range keys {
		p := map[string]any{"description": k.Says}
		switch k.Kind {
		case Text:
			p["type"], p["minLength"], p["maxLength"] = "string", 1, maxText
		case Texts:
			p["type"], p["minItems"], p["maxItems"] = "array", 1, maxList
			p["items"] = map[string]any{"type": "string", "minLength": 1, "maxLength": maxText}
		case Number:
			p["type"], p["minimum"], p["maximum"] = "integer", 0, 9
		case Day:
			p["type"], p["format"] = "string", "date"
		case Truth:
			p["type"] = "boolean"
		}
		out[k.Name] = p
	}
	return out
}

// Template is a file that declares nothing yet: every key as a comment.
func Template() string {
	text := "# What no tool can see from the host itself. Keys of one app stand under [deployment.NAME].\n"
	for _, k := range Keys {
		text += "\n# " + k.Says + "\n# " + k.Name + " = " + k.Example + "\n"
	}
	text += "\n# What assay setup would ask; of one app of several: [deployment.NAME.setup].\n# [setup]\n"
	for _, k := range SetupKeys {
		text += "# " + k.Name + " = " + k.Example + "\n"
	}
	text += "\n# A finding that is accepted until a day:\n# [[waive]]\n"
	for _, k := range waiverKeys {
		text += "# " + k.Name + " = " + k.Example + "\n"
	}
	return text
}
