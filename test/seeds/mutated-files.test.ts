import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitManifest } from '../../lib/core/import/fit-manifest.ts';
import type { Publication } from '../../lib/core/import/importer.ts';
import { importers } from '../../lib/core/import/importers.ts';
import { weightsManifest, weightsUrls } from './falconeye/weight-files.ts';
import { artifactRecord, deploymentRecord, referenceRecord } from './riva-130/staging-records.ts';
import { artifactsOf, runImport } from './run-import.ts';
import { linkAudit, registryFile, suggestions, uploadManifest } from './stemsep/stemsep-files.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weighbridge-mutated-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

interface Subject {
  readonly name: string;
  readonly kind: string;
  readonly value: unknown;
  /** Given as this setting, beside an upload manifest. */
  readonly companion?: string;
}

const small = { models: 4, nullConfigs: 1, nullConfigArtifacts: 1, missingNames: 1 };
const subjects: readonly Subject[] = [
  { name: 'registry', kind: 'stemsep-registry', value: registryFile(small) },
  { name: 'upload manifest', kind: 'stemsep-upload-manifest', value: uploadManifest() },
  { name: 'audit', kind: 'stemsep-upload-manifest', value: linkAudit('https://files.example.org'), companion: 'audit' },
  { name: 'suggestions', kind: 'stemsep-upload-manifest', value: suggestions(), companion: 'suggestions' },
  { name: 'weights manifest', kind: 'falconeye-weights', value: JSON.parse(weightsManifest()) },
  { name: 'list of URLs', kind: 'falconeye-weights', value: JSON.parse(weightsUrls()) },
  { name: 'staging record', kind: 'riva-artifact', value: artifactRecord() },
  { name: 'reference record', kind: 'riva-artifact', value: JSON.parse(JSON.stringify(referenceRecord())) },
  { name: 'deployment record', kind: 'riva-artifact', value: deploymentRecord() },
];

const odd: fc.Arbitrary<unknown> = fc.constantFrom(
  ...[null, '', 0, -1, 1.5, true, [], {}, [null], 'MISSING', '../x', 'C:\\x', '\u202e', 'x'.repeat(300), '<id>'],
  ...[
    'https://example.org/a?sig=secret',
    'https://u:secret@example.org/a',
    'https://example.org/',
    'not a URL',
    '__proto__',
  ],
);

/** The same value with one part of it, chosen by numbers, replaced or removed. */
function mutate(value: unknown, way: readonly number[], replacement: unknown, remove: boolean): unknown {
  const [step, ...rest] = way;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return replacement;
  const inner = Reflect.get(value, key);
  if (Array.isArray(value))
    return value.map((item, at) => (String(at) === key ? mutate(inner, rest, replacement, remove) : item));
  const others = Object.entries(value).filter(([name]) => name !== key);
  if (remove && rest.length === 0) return Object.fromEntries(others);
  return { ...Object.fromEntries(others), [key]: mutate(inner, rest, replacement, remove) };
}

const mutations = fc.array(
  fc.record({ way: fc.array(fc.nat(200), { minLength: 1, maxLength: 7 }), replacement: odd, remove: fc.boolean() }),
  { minLength: 1, maxLength: 4 },
);

describe('files of other systems that are not as they should be', () => {
  it.each(subjects)(
    'a $name is read or refused as a whole, and gives a manifest without credentials',
    async ({ kind, value, companion }) => {
      await writeFile(join(directory, 'manifest.json'), JSON.stringify(uploadManifest()));
      const check = async (changes: readonly { way: number[]; replacement: unknown; remove: boolean }[]) => {
        const changed = changes.reduce(
          (now, { way, replacement, remove }) => mutate(now, way, replacement, remove),
          value,
        );
        await writeFile(join(directory, 'input.json'), JSON.stringify(changed));
        const settings = companion === undefined ? {} : { [companion]: 'input.json' };
        const input = companion === undefined ? 'input.json' : 'manifest.json';
        const result = await runImport({ kind, directory, input, settings }).catch((error: Error) => error);
        if (result instanceof Error) {
          expect(result.name).toBe('InvalidFile');
          return;
        }
        const ids = artifactsOf(result).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        const identity = { collection: 'c', version: '1.0.0', access: 'public' } as const;
        const options = { identity, license: undefined, sourceBase: undefined, placeholders: [] };
        for (const manifest of result.manifests) {
          const { draft, findings } = fitManifest(manifest, options);
          expect(draft.artifacts.map(({ id }) => id)).toEqual(ids);
          const told = JSON.stringify([draft, findings, result.findings]);
          expect(/.{0,200}secret/u.exec(told)?.[0]).toBeUndefined();
        }
      };
      await fc.assert(fc.asyncProperty(mutations, check), { numRuns: 12 });
    },
  );

  it.each(subjects.filter(({ companion }) => companion === undefined))(
    'a $name is written to as JSON, twice the same, or not at all',
    ({ kind, value }) => {
      const patch = importers.find((importer) => importer.kind === kind)?.patch;
      const ids = [
        'voice-001',
        'voice-001.config',
        'net_final_1.pt',
        'speech-rnnt-en-us-v2025.01',
        '__proto__',
        'constructor',
      ];
      const publications = ids.map(
        (id): Publication => ({
          ...{ id, labels: {}, fileName: 'f.bin', sha256: 'ab'.repeat(32), size: 2 ** 20 },
          url: 'https://mirror.example.org/f.bin',
        }),
      );
      const check = (changes: readonly { way: number[]; replacement: unknown; remove: boolean }[]) => {
        const changed = changes.reduce(
          (now, { way, replacement, remove }) => mutate(now, way, replacement, remove),
          value,
        );
        const apply = (text: string) => {
          try {
            return patch?.apply(text, publications);
          } catch (error) {
            expect(error).toMatchObject({ name: 'InvalidFile' });
            return undefined;
          }
        };
        const first = apply(JSON.stringify(changed, null, 2));
        if (first === undefined) return;
        expect(() => JSON.parse(first.text)).not.toThrow();
        const second = apply(first.text);
        expect(second?.text).toBe(first.text);
        expect(second?.changed).toEqual([]);
      };
      fc.assert(fc.property(mutations, check), { numRuns: 25 });
    },
  );
});
