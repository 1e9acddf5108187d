import { readFileSync } from 'node:fs';

/** The version in package.json. */
export function packageVersion(): string {
  // Two folders up from lib/cli in the checkout, one more from dist/lib/cli in the package.
  const up = import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json';
  const { version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string };
  return version;
}
