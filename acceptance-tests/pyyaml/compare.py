"""Reads pairs of manifests with PyYAML, a reader of YAML 1.1 that is not this project's, and checks that the second differs
from the first by the annotations alone, which it has.

Input: JSON on stdin, {"annotations": {...}, "pairs": [[name, before, after], ...]}.
"""

import json
import sys

import yaml


def without(value, annotations, found):
    """The value without the annotations, and without the mappings that only held them."""
    if isinstance(value, list):
        return [without(item, annotations, found) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if key in annotations:
            found.append(item == annotations[key])
            continue
        item = without(item, annotations, found)
        if key in ("annotations", "metadata", "podMetadata", "podTemplate") and not item:
            continue
        result[key] = item
    return result


def main():
    data = json.load(sys.stdin)
    annotations = data["annotations"]
    for name, before, after in data["pairs"]:
        found = []
        read = [list(yaml.safe_load_all(text)) for text in (before, after)]
        old = without(read[0], annotations, [])
        new = without(read[1], annotations, found)
        assert old == new, f"{name}: {old} is not {new}"
        assert found and all(found), f"{name}: annotations missing or different"
    print(f"{len(data['pairs'])} pairs compared")


main()
