import { readFileSync, writeFileSync } from 'node:fs';
import { manifestJsonSchema } from '../lib/core/manifest/json-schema.ts';

/** Writes schema/manifest.schema.json; with `--check` only says whether it is up to date (exit 1 when it is not). */
const target = new URL('../schema/manifest.schema.json', import.meta.url);
const text = `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
} else if (read() !== text) {
  process.stderr.write('schema/manifest.schema.json is out of date: run npm run generate\n');
  process.exitCode = 1;
}

function read(): string | undefined {
  try {
    return readFileSync(target, 'utf8');
  } catch {
    return undefined;
  }
}
