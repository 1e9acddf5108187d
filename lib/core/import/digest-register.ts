import { isPlaceholderDigest } from '../manifest/placeholders.ts';
import type { ImportFinding } from './importer.ts';

/** What a list says of one file: the first time in full, later only where it says something else. */
export interface ListedFile {
  readonly name: string;
  /** Undefined where there is none that a manifest can have, or where the list contradicts itself. */
  readonly sha256: string | undefined;
}

interface Entry {
  sha256: string | undefined;
  contradicted: boolean;
}

/**
 * The files of a list of digests, each once, in the order of the list. Digests of other algorithms are none for a
 * manifest; of two that differ neither is chosen.
 */
export class DigestRegister {
  readonly #entries = new Map<string, Entry>();
  readonly #placeholders: readonly string[];
  readonly findings: ImportFinding[] = [];

  constructor(placeholders: readonly string[]) {
    this.#placeholders = placeholders;
  }

  add(name: string, algorithm: string, digest: string): void {
    const sha256 = this.#usable(name, algorithm, digest);
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      this.#entries.set(name, { sha256, contradicted: false });
      return;
    }
    if (sha256 === undefined || sha256 === entry.sha256) return;
    if (entry.sha256 === undefined && !entry.contradicted) {
      entry.sha256 = sha256;
      return;
    }
    const message = `listed with ${entry.sha256 ?? 'other digests'} and with ${sha256}; neither was taken`;
    this.findings.push({ kind: 'conflict', subject: name, field: 'sha256', message });
    entry.sha256 = undefined;
    entry.contradicted = true;
  }

  get files(): ListedFile[] {
    return [...this.#entries].map(([name, { sha256 }]) => ({ name, sha256 }));
  }

  #usable(name: string, algorithm: string, digest: string): string | undefined {
    const say = (kind: ImportFinding['kind'], message: string) => {
      this.findings.push({ kind, subject: name, field: algorithm, message });
      return undefined;
    };
    if (isPlaceholderDigest(digest, this.#placeholders)) return say('placeholder', 'no digest: nobody filled it in');
    if (algorithm !== 'sha256')
      return say('not-taken', `${algorithm} proves nothing here; a manifest has SHA-256 alone`);
    if (!/^[0-9a-f]{64}$/.test(digest)) return say('not-taken', 'no SHA-256: that has 64 hex digits');
    return digest;
  }
}
