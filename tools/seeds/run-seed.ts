import { systemClock } from '../../lib/core/clock.ts';
import { silentReporter } from '../../lib/core/events.ts';
import { composeManifest } from '../../lib/core/import/compose-manifest.ts';
import type { ImportPorts } from '../../lib/core/import/import-ports.ts';
import { readSettings } from '../../lib/core/import/import-settings.ts';
import { importers } from '../../lib/core/import/importers.ts';
import { parseManifest } from '../../lib/core/manifest/parse-manifest.ts';
import type { SeedSample } from './expected-figures.ts';

export interface SeedOutcome {
  /** Everything that was counted, by name. */
  readonly counted: Readonly<Record<string, number>>;
  /** One sentence for each number that is not the known one. */
  readonly differences: readonly string[];
}

/** Imports one real file as the command does, without writing anything, and compares what was counted. */
export async function runSeed(sample: SeedSample, folder: string): Promise<SeedOutcome> {
  const importer = importers.find(({ kind }) => kind === sample.kind);
  if (importer === undefined) return { counted: {}, differences: [`there is no importer ${sample.kind}`] };
  const written = Object.entries(sample.settings).map(([name, value]) => `${name}=${value}`);
  const settings = readSettings(importer, written);
  const request = { input: sample.input, settings: Object.fromEntries(settings) };
  const result = await importer.read(request, seedPorts(folder));
  const findings = [...result.findings];
  let artifacts = 0;
  for (const imported of result.manifests) {
    const named = new Map([
      ['collection', imported.collection ?? 'seed'],
      ['version', imported.version ?? '1.0.0'],
    ]);
    const options = { existing: undefined, placeholders: [], schema: undefined, comments: [] };
    const made = composeManifest(imported, { ...options, settings: new Map([...named, ...settings]) });
    findings.push(...made.findings);
    if (made.text === undefined) continue;
    const read = parseManifest(made.text, { file: sample.input, beforeLock: true });
    artifacts += read.manifest.artifacts.length;
  }
  const kinds = Map.groupBy(findings, ({ kind }) => kind);
  const counted = {
    manifests: result.manifests.length,
    'artifacts of manifests': artifacts,
    ...result.figures,
    ...Object.fromEntries([...kinds].map(([kind, all]) => [`findings of kind ${kind}`, all.length])),
  };
  return { counted, differences: differencesOf(sample, counted) };
}

function differencesOf(sample: SeedSample, counted: Readonly<Record<string, number>>): string[] {
  const kinds = Object.entries(sample.findings).map(([kind, count]) => [`findings of kind ${kind}`, count] as const);
  const known = [...Object.entries(sample.figures), ...kinds];
  return known.flatMap(([name, count]) => {
    const found = Object.hasOwn(counted, name) ? counted[name] : name.startsWith('findings') ? 0 : undefined;
    return found === count ? [] : [`${name}: ${found ?? 'not counted'}, known are ${count}`];
  });
}

/** Samples are files on this machine: whoever asks the network here is wrong. */
function seedPorts(folder: string): ImportPorts {
  const offline = async () => {
    throw new Error('samples are read without a network');
  };
  return {
    cwd: folder,
    manifestDirectory: folder,
    placeholders: [],
    http: { request: offline, close: async () => {} },
    huggingFaceEndpoint: new URL('https://huggingface.co'),
    gitHubApi: new URL('https://api.github.com'),
    openBucket: offline,
    clock: systemClock,
    reporter: silentReporter,
    signal: new AbortController().signal,
  };
}
