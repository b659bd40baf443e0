// Validates the AsyncAPI document named on the command line; prints each finding; exits 1 when one is an error.
import { readFileSync } from "node:fs";
import { AvroSchemaParser } from "@asyncapi/avro-schema-parser";
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
parser.registerSchemaParser(AvroSchemaParser());
const { document, diagnostics } = await parser.parse(readFileSync(process.argv[2], "utf8"));
for (const one of diagnostics) {
  console.log(one.severity, one.code, one.path.join("/"), one.message);
}
process.exit(document === undefined || diagnostics.some((one) => one.severity === 0) ? 1 : 0);
