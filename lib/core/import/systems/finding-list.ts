import { escapeUnsafe } from '../../manifest/unsafe-characters.ts';
import { withoutCredentials } from '../../sources/signed-url.ts';
import type { ImportFinding, ImportFindingKind } from '../importer.ts';

const longestSubject = 200;

/** Collects what could not be taken over, in the order of the input. */
export class FindingList {
  readonly #items: ImportFinding[] = [];

  /**
   * Names, fields and messages may hold text of the input: addresses in them lose what makes them a credential.
   * @param subject the system's own key of the entry; `field` where in it
   */
  add(kind: ImportFindingKind, subject: string, field: string | undefined, message: string): void {
    const shown = safe(subject).slice(0, longestSubject);
    this.#items.push({
      kind,
      subject: shown,
      ...(field === undefined ? {} : { field: safe(field) }),
      message: safe(message),
    });
  }

  get items(): readonly ImportFinding[] {
    return this.#items;
  }
}

function safe(text: string): string {
  return escapeUnsafe(withoutCredentials(text));
}
