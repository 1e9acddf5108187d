import type { Importer } from './importer.ts';

/** Every format that can be imported: those of nobody in particular first. */
export const importers: readonly Importer[] = [];
