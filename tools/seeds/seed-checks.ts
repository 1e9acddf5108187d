import type { SeedCheck } from './seed-check.ts';

/** The known numbers of the real files, one list for each system. */
export const seedChecks: readonly SeedCheck[] = [];
