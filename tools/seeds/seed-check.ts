import type { ImportFindingKind } from '../../lib/core/import/importer.ts';

/** What is known of one real file: which importer reads it, and what it must find there. */
export interface SeedCheck {
  /** How the output names it: `StemSep upload manifest`. */
  readonly title: string;
  /** The importer's kind. */
  readonly kind: string;
  /** File or folder, relative to the folder of samples. */
  readonly input: string;
  /** Paths among them are relative to the folder of samples. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Figures of the importer that must be exactly these; others may be there too. */
  readonly figures: Readonly<Record<string, number>>;
  /** Findings by kind that must be exactly as many; kinds that are not named may be any number. */
  readonly findings?: Partial<Readonly<Record<ImportFindingKind, number>>>;
  readonly manifests: number;
  /** Of all manifests together, as the manifests' own parser reads them. */
  readonly artifacts: number;
}
