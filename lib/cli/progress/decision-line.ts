import type { AccessDecision } from '../../core/access/access-ports.ts';

/** One decision of the access API for who looks on: `10:00:00 allowed: token laptop: my-model@1.0.0 model.bin (grant all, 900 s)`. */
export function decisionLine(decision: AccessDecision): string {
  const { time, outcome, who, action, collection, version, file, files, rule, reason, lifetime } = decision;
  const release = collection === null ? undefined : version === null ? collection : `${collection}@${version}`;
  const named = file ?? (files === undefined ? undefined : `${files} ${files === 1 ? 'file' : 'files'}`);
  const what = [release ?? action, named].filter((part) => part !== undefined).join(' ');
  const why = [rule === null ? reason : `grant ${rule}`, ...(lifetime === undefined ? [] : [`${lifetime} s`])];
  return `${time.toISOString().slice(11, 19)} ${outcome}: ${who ?? 'nobody known'}: ${what} (${why.join(', ')})`;
}
