import { hideSecrets, hideUrlSecrets } from '../../lib/core/scrub.ts';

/** Makes a text fit for logs, error messages and traces. */
export type Scrub = (text: string) => string;

/** @param secrets values that are known now and must never be shown */
export function textScrubber(secrets: readonly (string | undefined)[]): Scrub {
  return (text) => hideUrlSecrets(hideSecrets(text, secrets));
}
