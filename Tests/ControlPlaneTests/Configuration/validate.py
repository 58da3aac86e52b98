"""Validates documents against a JSON Schema: reads {"schema": ..., "documents": {name: ...}} from
the standard input, prints {name: first mistake or null}."""

import json
import sys

import jsonschema

given = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(given["schema"])
validator = jsonschema.Draft202012Validator(given["schema"])
found = {}
for name, document in given["documents"].items():
    mistake = next(validator.iter_errors(document), None)
    found[name] = None if mistake is None else f"{mistake.json_path}: {mistake.message[:200]}"
json.dump(found, sys.stdout)
