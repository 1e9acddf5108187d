import type { AccessDecision } from '../access-ports.ts';

/** Characters of names in a line: a log takes one of 256 KiB at most, and an escape makes six of one. */
const longestNames = 32 << 10;

/**
 * A decision as one line of JSON in printable ASCII, whatever was asked for: nothing in it can end the line, colour a
 * terminal or pass for another field. `type` tells it from other lines of a log.
 */
export function auditLine(decision: AccessDecision): string {
  const { time, request, who, action, collection, version, file, files, names, outcome, rule, reason, lifetime } =
    decision;
  const line = JSON.stringify({
    type: 'access',
    time: time.toISOString(),
    request,
    who,
    action,
    collection,
    version,
    file,
    files,
    names: names && beginning(names),
    outcome,
    rule,
    reason,
    lifetime,
  });
  return line.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function beginning(names: readonly string[]): readonly string[] {
  let room = longestNames;
  return names.filter((name) => {
    room -= name.length;
    return room >= 0;
  });
}
