import { readFileSync, writeFileSync } from 'node:fs';
import { configurationJsonSchema } from '../lib/contract/configuration-json-schema.ts';
import { openApiDocument } from '../lib/core/access/api/open-api-document.ts';
import { policyJsonSchema } from '../lib/core/access/policy/json-schema.ts';
import { manifestJsonSchema } from '../lib/core/manifest/json-schema.ts';

/** Writes the files under schema/; with `--check` only says which are out of date (exit 1 when one is). */
const schemas = {
  'access.schema.json': policyJsonSchema,
  'manifest.schema.json': manifestJsonSchema,
  'openapi.json': openApiDocument,
  'weighbridge.schema.json': configurationJsonSchema,
};

for (const [name, make] of Object.entries(schemas)) {
  const target = new URL(`../schema/${name}`, import.meta.url);
  const text = `${JSON.stringify(make(), null, 2)}\n`;
  if (!process.argv.includes('--check')) {
    writeFileSync(target, text);
  } else if (read(target) !== text) {
    process.stderr.write(`schema/${name} is out of date: run npm run generate\n`);
    process.exitCode = 1;
  }
}

function read(target: URL): string | undefined {
  try {
    return readFileSync(target, 'utf8');
  } catch {
    return undefined;
  }
}
