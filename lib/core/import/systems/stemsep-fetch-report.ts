import { Sha256 } from '../../digest/sha256.ts';
import { UsageError } from '../../errors.ts';
import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { ImportPorts } from '../import-ports.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import type { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import type { ModelAliases } from './model-aliases.ts';

const lists = ['staged_already', 'skipped_present_in_release', 'downloaded', 'failed', 'unresolved'] as const;

/** What a fetch report says about one file. */
export interface FetchedFile {
  readonly sha256: string | undefined;
  readonly size: number | undefined;
}

/** What a fetch report says about what was downloaded, by model and kind. */
export class FetchReport {
  /** Did the user ask to expect these digests? */
  readonly trusted: boolean;
  readonly figures: Readonly<Record<string, number>>;
  readonly #files: ReadonlyMap<string, FetchedFile>;

  constructor(trusted: boolean, files: ReadonlyMap<string, FetchedFile>, figures: Readonly<Record<string, number>>) {
    this.trusted = trusted;
    this.#files = files;
    this.figures = figures;
  }

  /** @param model as aliases call it now */
  of(model: string, kind: string): FetchedFile | undefined {
    return this.#files.get(JSON.stringify([model, kind]));
  }
}

/**
 * The fetch report, or an empty one. Its digests were computed when something was downloaded and compared with
 * nothing, so they are carried, and expected only when that is asked for.
 */
export async function readFetchReport(
  settings: Readonly<Record<string, string>>,
  ports: ImportPorts,
  aliases: ModelAliases,
  findings: FindingList,
): Promise<FetchReport> {
  const wanted = settings['report-digests'];
  if (wanted !== undefined && (wanted !== 'expect' || settings.report === undefined)) {
    throw new UsageError('report-digests is "expect", and goes with report=FILE');
  }
  if (settings.report === undefined) return new FetchReport(false, new Map(), {});
  const { name, text } = await readInput(settings.report, ports.cwd);
  const report = looseFields(jsonValue(text, name, findings));
  if (!lists.some((list) => Array.isArray(report[list]))) throw notOfFormat(name, 'not a fetch report');
  const rows = lists.flatMap((list) => looseList(report[list]).map(looseFields));
  const files = new Map<string, FetchedFile>();
  for (const row of rows) {
    const [model, kind] = [textOf(row.model_id), textOf(row.kind)];
    const sha256 = Sha256.parse(textOf(row.sha256) ?? '')?.hex;
    if (model === undefined || kind === undefined || sha256 === undefined) continue;
    files.set(JSON.stringify([aliases.currentOf(model), kind]), { sha256, size: sizeOf(row.bytes) });
  }
  if (files.size > 0 && wanted === undefined) {
    findings.add('claim', name, 'sha256', `${files.size} digests were computed at download and compared with nothing`);
  }
  sameDigests(rows, findings);
  const counts = lists.map((list) => [`report: ${list.replaceAll('_', ' ')}`, looseList(report[list]).length]);
  return new FetchReport(wanted === 'expect', files, Object.fromEntries(counts));
}

/** Two models with one digest: perhaps one of them is the wrong file. */
function sameDigests(rows: readonly LooseFields[], findings: FindingList): void {
  const byDigest = new Map<string, Set<string>>();
  for (const { model_id, kind, sha256 } of rows) {
    const hex = Sha256.parse(textOf(sha256) ?? '')?.hex;
    if (hex === undefined) continue;
    byDigest.set(hex, (byDigest.get(hex) ?? new Set()).add(`${textOf(model_id)} ${textOf(kind)}`));
  }
  for (const [hex, [first, ...others]] of byDigest) {
    if (first === undefined || others.length === 0) continue;
    findings.add('conflict', first, 'sha256', `${others.join(', ')} had the same digest (${hex.slice(0, 12)}…)`);
  }
}

function sizeOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
