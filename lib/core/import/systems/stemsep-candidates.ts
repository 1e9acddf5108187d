import { UsageError } from '../../errors.ts';
import { looseFields, textOf } from '../../manifest/manifest-document.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { ImportSetting } from '../importer.ts';
import { readInput } from '../read-input.ts';
import { fileAddress } from './file-address.ts';
import type { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import type { ModelAliases } from './model-aliases.ts';
import { auditCandidates } from './stemsep-link-audit.ts';
import { readSuggestions } from './stemsep-suggestions.ts';

export const companionSettings: readonly ImportSetting[] = [
  { name: 'fixes', summary: 'links mended by hand (registry_link_fixes.json): the first sources', required: false },
  { name: 'audit', summary: 'link audit (link_audit.json): addresses that answered', required: false },
  { name: 'suggestions', summary: 'Hugging Face suggestions (hf_link_suggestions.json)', required: false },
  { name: 'moves', summary: 'exact: take suggestions that only move a file of the same name', required: false },
  { name: 'report', summary: 'fetch report: digests of what was downloaded, carried as metadata', required: false },
  { name: 'report-digests', summary: 'expect: stage only bytes that have the digests of the report', required: false },
];

/** An address for one file of a model, and where it is from. */
export interface Candidate {
  readonly model: string;
  readonly kind: string;
  readonly address: string;
}

/** What the companions of an upload manifest offer, by exact model and kind. */
export class Candidates {
  readonly figures: Readonly<Record<string, number>>;
  readonly #byFile = new Map<string, string[]>();

  constructor(candidates: readonly Candidate[], figures: Readonly<Record<string, number>>) {
    this.figures = figures;
    for (const { model, kind, address } of candidates) {
      const key = JSON.stringify([model, kind]);
      this.#byFile.set(key, [...(this.#byFile.get(key) ?? []), address]);
    }
  }

  /** Source addresses in order of preference. @param model as aliases call it now */
  of(model: string, kind: string): readonly string[] {
    return this.#byFile.get(JSON.stringify([model, kind])) ?? [];
  }
}

/**
 * Reads the companions that are given: fixes first, then what the audit saw, then moves that were asked for.
 * @throws UsageError for a setting that is wrong; InvalidFile for a companion of another format
 */
export async function readCandidates(
  settings: Readonly<Record<string, string>>,
  ports: ImportPorts,
  aliases: ModelAliases,
  findings: FindingList,
): Promise<Candidates> {
  if (settings.moves !== undefined && settings.moves !== 'exact') {
    throw new UsageError('moves is "exact" or not given: other suggestions are for a person to decide');
  }
  const fixes = await fixesOf(settings.fixes, ports, findings);
  const audit = await auditCandidates(settings.audit, ports, findings);
  const suggested = await readSuggestions(settings.suggestions, settings.moves === 'exact', ports, findings);
  const all = [...fixes, ...audit.candidates, ...suggested.candidates].flatMap(({ model, kind, address }) => {
    const { source, finding } = fileAddress(address, ports.placeholders);
    if (finding !== undefined) findings.add(finding.kind, `${model} ${kind}`, undefined, finding.message);
    return source === undefined || finding !== undefined
      ? []
      : [{ model: aliases.currentOf(model), kind, address: source }];
  });
  const figures = {
    ...(fixes.length === 0 ? {} : { 'fixed links': fixes.length }),
    ...audit.figures,
    ...suggested.figures,
  };
  return new Candidates(all, figures);
}

async function fixesOf(file: string | undefined, ports: ImportPorts, findings: FindingList): Promise<Candidate[]> {
  if (file === undefined) return [];
  const { name, text } = await readInput(file, ports.cwd);
  return Object.entries(looseFields(jsonValue(text, name, findings))).flatMap(([model, fix]) =>
    Object.entries(looseFields(looseFields(fix).links)).flatMap(([kind, link]) => {
      const address = textOf(link);
      // `repository` and `homepage` are pages.
      return address === undefined || !['checkpoint', 'config'].includes(kind) ? [] : [{ model, kind, address }];
    }),
  );
}
