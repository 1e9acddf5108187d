import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJSONSchema, type ZodType } from 'zod';
import { deploymentSections } from '../lib/contract/cloud/deployment.ts';
import { publisherSchema } from '../lib/contract/cloud/publishers.ts';
import { type SettingSchema, settingsRows } from './configuration-docs/settings-rows.ts';
import { replaceSection } from './deployment-docs/generated-section.ts';
import { markdownTable } from './deployment-docs/markdown-table.ts';

/** Writes the tables of docs/configuration.md from the schema that the parser uses; with --check only compares. */
const file = join(import.meta.dirname, '..', 'docs', 'configuration.md');
const { cloud, sources, replicas } = deploymentSections;

const tables: Readonly<Record<string, ZodType>> = { cloud, publishers: publisherSchema, sources, replicas };
const head = ['setting', 'values', 'default', 'meaning'];

const old = readFileSync(file, 'utf8');
const page = Object.entries(tables).reduce((text, [name, schema]) => {
  const json = toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as SettingSchema;
  return replaceSection(text, name, markdownTable(head, settingsRows(json)));
}, old);

if (!process.argv.includes('--check')) writeFileSync(file, page);
else if (page !== old) {
  console.error('docs/configuration.md is not what the schema says: run "npm run generate" and commit the result.');
  process.exitCode = 1;
}
