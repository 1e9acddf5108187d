import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { ImportPorts } from '../import-ports.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import { credentialIn } from '../take-source.ts';
import type { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import type { Candidate } from './stemsep-candidates.ts';

/** What a link audit offers, and its figures. */
export interface AuditCandidates {
  readonly candidates: readonly Candidate[];
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Addresses that a link audit saw answering, and those that were put into it without being asked. Where an address
 * led is never taken when it is signed, nor when it is a cache of the host's own.
 */
export async function auditCandidates(
  file: string | undefined,
  ports: ImportPorts,
  findings: FindingList,
): Promise<AuditCandidates> {
  if (file === undefined) return { candidates: [], figures: {} };
  const { name, text } = await readInput(file, ports.cwd);
  const audit = looseFields(jsonValue(text, name, findings));
  if (!Array.isArray(audit.results)) throw notOfFormat(name, 'not a link audit: it has no list "results"');
  const rows = looseList(audit.results).map(looseFields);
  checkHeader(audit, rows, name, findings);
  const signed = rows.filter(({ final_url }) => credentialIn(textOf(final_url) ?? '') !== undefined).length;
  if (signed > 0)
    findings.add('signed-url', name, 'final_url', `${signed} addresses are credentials and were left out`);
  const unasked = rows.filter(({ ok, status }) => ok == null && status == null);
  if (unasked.length > 0) {
    findings.add('claim', name, 'results', `${unasked.length} addresses were never asked; they are taken as they are`);
  }
  const usable = rows.filter(mayAnswer);
  const candidates = [...usable.flatMap((row) => candidate(row, row.url)), ...usable.flatMap(finalAddress)];
  return {
    candidates,
    figures: {
      'audited links': rows.length,
      'audited links that answered': rows.filter(({ ok }) => ok === true).length,
      'audited links that failed': rows.filter((row) => !mayAnswer(row)).length,
      'audited links never asked': unasked.length,
      'signed addresses left out': signed,
    },
  };
}

function checkHeader(audit: LooseFields, rows: readonly LooseFields[], name: string, findings: FindingList): void {
  const counts = { checked: rows.length, ok: rows.filter(({ ok }) => ok === true).length };
  for (const [field, count] of Object.entries(counts)) {
    const said = audit[field];
    if (typeof said === 'number' && said !== count) {
      findings.add('conflict', name, field, `the header says ${said}, the rows are ${count}`);
    }
  }
}

/** Not one that is known to fail: with a token, when that was tried, counts as an answer. */
function mayAnswer({ ok, status, ok_with_token }: LooseFields): boolean {
  if (ok === true || ok_with_token === true) return true;
  return ok !== false && (typeof status !== 'number' || (status >= 200 && status < 300));
}

function candidate({ model_id, kind }: LooseFields, url: unknown): Candidate[] {
  const [model, word, address] = [textOf(model_id), textOf(kind), textOf(url)];
  return model === undefined || word === undefined || address === undefined ? [] : [{ model, kind: word, address }];
}

function finalAddress(row: LooseFields): Candidate[] {
  const address = textOf(row.final_url);
  // Redirects of hosts carry queries that expire; only a plain address is worth a try.
  if (address === undefined || address === row.url || /[?#]/u.test(address)) return [];
  return /^https?:\/\/(?:[^/]*\.)?(?:huggingface\.co\/api|hf\.co|githubusercontent\.com)\//u.test(address)
    ? []
    : candidate(row, address);
}
