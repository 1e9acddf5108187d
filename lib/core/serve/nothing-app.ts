import type { HttpApp } from './by-path.ts';
import { refusal } from './refusal.ts';

/** Where there is nothing to see. */
export const nothingApp: HttpApp = { fetch: () => refusal(404, 'there is nothing under this name') };
