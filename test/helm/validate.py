# Reads JSON lines {"where", "version", "object"}; prints what the schemas of that version of Kubernetes say against each.
import functools
import json
import sys

import kubernetes_validate
from kubernetes_validate import utils

utils.schema_contents = functools.cache(utils.schema_contents)

for line in sys.stdin:
    item = json.loads(line)
    try:
        kubernetes_validate.validate(item["object"], item["version"], strict=True)
    except Exception as error:
        path = ".".join(str(part) for part in getattr(error, "path", []))
        print(f"{item['where']} {item['version']} {item['object'].get('kind')} {path}: {getattr(error, 'message', error)}")
