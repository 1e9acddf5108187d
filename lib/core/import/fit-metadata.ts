import type { Json } from '../manifest/manifest.ts';
import { metadataFindings } from '../manifest/metadata-findings.ts';
import type { ImportFinding } from './importer.ts';
import { credentialIn } from './take-source.ts';

type Metadata = Readonly<Record<string, Json>>;

export interface FittedMetadata {
  /** Undefined when nothing is left. */
  readonly metadata: Metadata | undefined;
  readonly findings: readonly ImportFinding[];
}

/** Deeper than what anybody means; the parser stops at 64 levels of the whole document. */
const maximumDepth = 32;
const maximumKeyLength = 512;

/** Where programs keep what only one machine has: a manifest is for all of them. */
const localPath = /^(?:file:\/\/)?\/(?:home|Users|root|tmp|private|var\/folders|mnt|media)\/|^[A-Za-z]:[\\/]|^\\\\/u;

/**
 * What of another system's fields a manifest can have: JSON of bounded size without credentials and without paths of
 * one machine. Only the values that cannot stand there are left out, each with a finding.
 */
export function fitMetadata(metadata: Metadata | undefined, subject: string): FittedMetadata {
  const findings: ImportFinding[] = [];
  const drop = (path: readonly string[], message: string, kind: ImportFinding['kind'] = 'not-taken') => {
    findings.push({ kind, subject, field: ['metadata', ...path].join('.').slice(0, 120), message });
    return undefined;
  };
  let fitted = Object.entries(metadata ?? {}).flatMap(([key, value]) => {
    const clean = fitMember(key, value, [], drop);
    return clean === undefined ? [] : [[key, clean] as const];
  });
  while (tooLarge(fitted)) {
    const largest = fitted.reduce((a, b) => (size(b) > size(a) ? b : a));
    drop([largest[0]], `${size(largest)} bytes: metadata has at most 64 KiB`);
    fitted = fitted.filter((member) => member !== largest);
  }
  return { metadata: fitted.length === 0 ? undefined : Object.fromEntries(fitted), findings };
}

type Drop = (path: readonly string[], message: string, kind?: ImportFinding['kind']) => undefined;

function fitMember(key: string, value: Json | undefined, above: readonly string[], drop: Drop): Json | undefined {
  const path = [...above, key];
  if (key === '__proto__' || key === '<<') return drop(above, `${key} cannot be the name of a field`);
  if (key.length > maximumKeyLength) return drop(above, `a name of ${key.length} characters`);
  if (!key.isWellFormed()) return drop(above, 'a name holds half of a surrogate pair');
  return cleaned(value, path, drop);
}

function cleaned(value: Json | undefined, path: readonly string[], drop: Drop): Json | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return fitText(value, path, drop);
  if (typeof value === 'number') {
    const [wrong] = metadataFindings({ value }, []);
    return wrong === undefined ? value : drop(path, 'a number that JSON readers would change');
  }
  if (typeof value !== 'object' || value === null) return value;
  if (path.length > maximumDepth) return drop(path, `nested more than ${maximumDepth} deep`);
  if (Array.isArray(value)) {
    const items = value.map((item, at) => cleaned(item, [...path, String(at)], drop));
    return items.filter((item) => item !== undefined);
  }
  const members = Object.entries(value).flatMap(([key, member]) => {
    const clean = fitMember(key, member, path, drop);
    return clean === undefined ? [] : [[key, clean] as const];
  });
  return Object.fromEntries(members);
}

function fitText(text: string, path: readonly string[], drop: Drop): Json | undefined {
  if (!text.isWellFormed()) return drop(path, 'half of a surrogate pair');
  // A URL may stand in the middle of prose; what follows a blank is another word.
  for (const word of /:\/\//u.test(text) ? text.split(/[\s"'<>]+/u) : []) {
    const secret = word.includes('://') ? credentialIn(word) : undefined;
    if (secret !== undefined)
      return drop(path, `an address that is a credential (${secret}) was left out`, 'signed-url');
  }
  return localPath.test(text) ? drop(path, 'a path of one machine was left out') : text;
}

function tooLarge(members: readonly (readonly [string, Json])[]): boolean {
  return metadataFindings(Object.fromEntries(members), []).length > 0;
}

function size([, value]: readonly [string, Json]): number {
  return Buffer.byteLength(JSON.stringify(value));
}
