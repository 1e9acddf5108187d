import type { ImportPorts } from '../../lib/core/import/import-ports.ts';
import type { ImportedArtifact, ImportFinding, ImportResult } from '../../lib/core/import/importer.ts';
import { importers } from '../../lib/core/import/importers.ts';

export interface ImportOptions {
  readonly kind: string;
  readonly directory: string;
  readonly input: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly placeholders?: readonly string[];
}

/** Reads files of another system that lie in a folder; no importer of these needs the network. */
export async function runImport(options: ImportOptions): Promise<ImportResult> {
  const importer = importers.find(({ kind }) => kind === options.kind);
  if (importer === undefined) throw new Error(`no importer ${options.kind}`);
  const nowhere = () => {
    throw new Error('an importer of files asked the network');
  };
  const ports: ImportPorts = {
    cwd: options.directory,
    manifestDirectory: options.directory,
    placeholders: options.placeholders ?? [],
    http: new Proxy({} as ImportPorts['http'], { get: nowhere }),
    huggingFaceEndpoint: new URL('https://hub.example.org'),
    gitHubApi: new URL('https://api.example.org'),
    openBucket: nowhere,
    clock: { now: () => new Date(0), sleep: async () => {} },
    reporter: { emit: () => {} },
    signal: new AbortController().signal,
  };
  return await importer.read({ input: options.input, settings: options.settings ?? {} }, ports);
}

/** The artifacts of the one manifest that a format gives. */
export function artifactsOf({ manifests }: ImportResult): readonly ImportedArtifact[] {
  return manifests.flatMap(({ artifacts }) => artifacts);
}

/** Findings as `kind subject field`, for comparing. */
export function findingKeys(findings: readonly ImportFinding[], kind: ImportFinding['kind']): string[] {
  return findings.filter((one) => one.kind === kind).map(({ subject, field }) => [subject, field].join(' ').trim());
}
