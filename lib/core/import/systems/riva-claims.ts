import type { FindingList } from './finding-list.ts';

/** Words that a record uses for what it does not know. */
const unknown = /^(?:unknown|n\/a|none|tbd|todo)$/iu;
/** Fields that say something was proven; the scripts write them as they are, whatever happened. */
const proof = /(?:verified|confirmed|complete|extracted|ready|valid|staging$|no_duplication)/iu;

/** Names everything in a record that sounds like proof and is none, and every value that was never filled in. */
export function nameClaims(record: Readonly<Record<string, unknown>>, name: string, findings: FindingList): void {
  walk(record, '', name, findings);
}

function walk(value: unknown, field: string, name: string, findings: FindingList): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value))
      walk(member, field === '' ? key : `${field}.${key}`, name, findings);
    return;
  }
  const last = field.split('.').at(-1) ?? '';
  if (typeof value === 'string' && unknown.test(value)) {
    findings.add('placeholder', name, field, `${JSON.stringify(value)} is no value`);
  } else if ((value === true && proof.test(last)) || (last === 'status' && /^verified$/iu.test(String(value)))) {
    findings.add('claim', name, field, `${last}: ${value} is written by a script, not the result of a comparison`);
  }
}
