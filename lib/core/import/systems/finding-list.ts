import type { ImportFinding, ImportFindingKind } from '../importer.ts';

/** Collects what could not be taken over, in the order of the input. */
export class FindingList {
  readonly #items: ImportFinding[] = [];

  /** @param subject the system's own key of the entry; `field` where in it */
  add(kind: ImportFindingKind, subject: string, field: string | undefined, message: string): void {
    this.#items.push({ kind, subject, ...(field === undefined ? {} : { field }), message });
  }

  get items(): readonly ImportFinding[] {
    return this.#items;
  }
}
