"""Generated from schemas/avro by `beffroi contracts generate`: never edit."""
