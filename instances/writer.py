"""An instance as JSON text that people can read and compare: one field, or one record, per line."""

import json

from .base import Instance


def to_json(instance: Instance) -> str:
    """Text that :func:`bilevolt.instances.load_instance` reads back to an equal instance."""
    fields = [f"  {json.dumps(key)}: {_value(value)}" for key, value in instance.model_dump(mode="json").items()]
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _value(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {json.dumps(record)}" for record in value) + "\n  ]"
    return json.dumps(value, ensure_ascii=False)
